"""The language model chosen on the page: what may be chosen, what is kept of it and how, and that no key comes back."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import ChatChoiceRefused
from rag.events import Cancel
from rag.messages import LANGUAGES, text
from rag.models.chat import address
from rag.models.chat.choice_file import NAME
from rag.models.chat.desk import ChatDesk
from rag.models.chat.openai_chat import OpenAIChat
from rag.settings import Settings
from rag.settings.environment import Secret
from rag.types import Message
from rag.types.chat_server import ChatAbilities, ChatChoice, ChatExamination
from tests.support.loopback_openai import Good, LoopbackOpenAI, ModelList, Raw, Status, error

KEY = "sk-chosen-0f1e2d3c4b5a69788796"
ASKED = (Message("system", "Answer."), Message("user", "Why?"))


@pytest.fixture
def server() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as running:
        yield running


def desk(folder: Path, **settings: object) -> ChatDesk:
    return ChatDesk(Settings(data_dir=str(folder), **settings), OpenAIChat)  # type: ignore[arg-type]


def checked(folder: Path, resolve: address.Resolve) -> ChatDesk:
    """A desk for which names stand for the addresses that `resolve` gives."""
    settings = Settings(data_dir=str(folder))
    return ChatDesk(settings, OpenAIChat, check=lambda url: address.check(url, resolve=resolve))


def asked(of: ChatDesk) -> str:
    assert of.chat
    return "".join(of.chat.stream(ASKED, cancel=Cancel()))


def test_what_is_chosen_answers_at_once_and_after_a_start(tmp_path: Path, server: LoopbackOpenAI) -> None:
    first = desk(tmp_path)
    assert first.chat is None and not first.in_use().chosen
    first.keep(ChatChoice("qwen3:8b", server.url, KEY, 0.7, 300))
    for one in (first, desk(tmp_path)):
        assert asked(one) == "Hello there."
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert (request.body["model"], request.body["temperature"], request.body["max_tokens"]) == (
            "qwen3:8b",
            0.7,
            300,
        )
    first.keep(ChatChoice(), forget_key=True)
    assert first.chat is None and desk(tmp_path).chat is None


def test_the_key_is_kept_for_its_owner_alone_and_told_to_nobody(
    tmp_path: Path, server: LoopbackOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one = desk(tmp_path)
    one.keep(ChatChoice("m", server.url, KEY))
    server.script(Status(500, error(f"bad {KEY}")))
    found = one.examine(ChatChoice("m", server.url))
    assert found.failure and KEY in (tmp_path / NAME).read_text()
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert one.in_use().has_key and one.in_use().choice.key == ""
    told = [repr(one.in_use()), repr(one.chat), repr(found), caplog.text, repr(ChatChoice(key=KEY))]
    told += [text(found.failure, language) for language in LANGUAGES]
    assert not [each for each in told if KEY[:12] in each]


def test_a_kept_key_goes_to_no_other_server(tmp_path: Path, server: LoopbackOpenAI) -> None:
    one = desk(tmp_path)
    one.keep(ChatChoice("m", server.url, KEY))
    one.keep(ChatChoice("other", f"{server.url}/"))
    assert one.in_use().has_key, "another model and path of the same server"
    with LoopbackOpenAI() as foreign:
        one.examine(ChatChoice("m", foreign.url))
        one.keep(ChatChoice("m", foreign.url))
        asked(one)
        assert foreign.requests and not [r for r in foreign.requests if "authorization" in r.headers]
    assert KEY not in (tmp_path / NAME).read_text()


@pytest.mark.parametrize(
    ("settings", "fixed"),
    [
        ({"openai_api_key": Secret("sk-settings")}, {"url": "OPENAI_API_KEY", "key": "OPENAI_API_KEY"}),
        ({"openai_base_url": "http://127.0.0.1:9/v1"}, {"url": "OPENAI_BASE_URL", "key": "OPENAI_BASE_URL"}),
        ({"openai_model": "m1"}, {"model": "OPENAI_MODEL"}),
        (
            {"openai_temperature": 1.0, "openai_max_tokens": 77},
            {"temperature": "OPENAI_TEMPERATURE", "max_tokens": "OPENAI_MAX_TOKENS"},
        ),
    ],
)
def test_settings_win(
    tmp_path: Path, settings: dict[str, object], fixed: dict[str, str], server: LoopbackOpenAI
) -> None:
    one = desk(tmp_path, **settings)
    one.keep(ChatChoice("chosen", server.url, KEY, 0.5, 55))
    used = one.in_use()
    assert used.fixed == fixed
    free = {"model": "chosen", "url": server.url, "temperature": 0.5, "max_tokens": 55}
    said = {name.removeprefix("openai_").replace("base_url", "url"): value for name, value in settings.items()}
    for name, value in free.items():
        if name not in fixed:
            assert getattr(used.choice, name) == value
        elif name in said:
            assert getattr(used.choice, name) == said[name]
    assert ("key" in fixed) != (KEY in (tmp_path / NAME).read_text())


def test_a_value_the_environment_gives_wins_though_it_is_the_usual_one(tmp_path: Path) -> None:
    settings = Settings.from_env({"OPENAI_MODEL": "gpt-4o", "RAG_DATA_DIR": str(tmp_path)})
    assert ChatDesk(settings, OpenAIChat).in_use().fixed == {"model": "OPENAI_MODEL"}


REFUSED = [
    *((url, "bad_url") for url in (
        "javascript:alert(1)", "file:///etc/passwd", "ftp://a.test/v1", "data:text/html,x", "//a.test", "a.test/v1",
        "http://", "https://a b/", "https://" + "a" * 600, "http://[::1", "\ud800://", "http://a.test:99999/v1",
    )),
    *((url, "url_with_user") for url in ("https://me:secret@a.test/v1", "https://a.test/v1#x")),
    *((url, "forbidden") for url in (
        "http://169.254.169.254/latest", "https://169.254.169.254/v1", "http://[fe80::1]/v1", "http://[fe80::1%25eth0]/v1",
        "http://[::ffff:169.254.169.254]/v1", "http://[64:ff9b::a9fe:a9fe]/v1", "http://[2002:a9fe:a9fe::]/v1",
        "http://0.0.0.0:1/v1", "http://[::]/v1", "http://224.0.0.1/v1", "http://100.100.100.200/v1",
        "http://[fd00:ec2::254]/v1", "https://metadata.google.internal/v1", "http://metadata/v1", "http://255.255.255.255/v1",
        "http://metadata.google.internal./v1", "http://2852039166/v1", "http://links.test/v1", "https://links.test/v1",
    )),
    *((url, "not_https") for url in ("http://8.8.8.8/v1", "http://public.test/v1", "http://mixed.test/v1", "http://nowhere.test/v1")),
]  # fmt: skip
ALLOWED = [
    "", "https://api.openai.com/v1", "https://8.8.8.8/v1", "https://public.test/v1", "https://nowhere.test/v1", "http://localhost:11434/v1",
    "http://127.0.0.1:1234/v1", "http://[::1]:8000/v1", "http://192.168.1.7:8000/v1", "http://10.0.0.2/v1", "http://home.test/v1",
    "http://[fd12::7]/v1", "http://100.64.3.4:8000/v1", "https://a.openai.azure.com/openai/v1?api-version=preview",
]  # fmt: skip
NAMES = {
    "links.test": ["169.254.169.254"], "2852039166": ["169.254.169.254"], "public.test": ["203.0.114.7"],
    "mixed.test": ["10.0.0.1", "8.8.8.8"], "home.test": ["192.168.1.9", "fd12::9"], "api.openai.com": ["8.8.4.4"],
}  # fmt: skip


def looked_up(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(("url", "code"), REFUSED)
def test_where_no_model_may_be_asked(tmp_path: Path, url: str, code: str) -> None:
    one = checked(tmp_path, looked_up)
    for act in (one.keep, one.examine):
        with pytest.raises(ChatChoiceRefused) as refused:
            act(ChatChoice("m", url, KEY))
        assert refused.value.reason.code == f"chat_server.{code}"
        assert KEY not in str(refused.value)
    assert one.chat is None and not (tmp_path / NAME).exists()


@pytest.mark.parametrize("url", ALLOWED)
def test_where_a_model_may_be_asked(tmp_path: Path, url: str) -> None:
    one = checked(tmp_path, looked_up)
    one.keep(ChatChoice("m", url))
    assert one.in_use().choice.url == url and one.chat


def test_a_name_that_leads_elsewhere_later_is_not_followed(tmp_path: Path, server: LoopbackOpenAI) -> None:
    names = {"home.test": ["127.0.0.1"]}
    one = ChatDesk(
        Settings(data_dir=str(tmp_path)), OpenAIChat, check=lambda url: address.check(url, resolve=lambda h: names[h])
    )
    one.keep(ChatChoice("m", "http://home.test/v1"))
    names["home.test"] = ["169.254.169.254"]
    assert one.chat
    with pytest.raises(Exception, match="secrets"):
        asked(one)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (ChatChoice("m" * 201), "bad_model"),
        (ChatChoice("m\nn"), "bad_model"),
        (ChatChoice("m", "", "sk a"), "malformed_key"),
        (ChatChoice("m", "", "“sk”"), "malformed_key"),
        (ChatChoice("m", "", "k" * 1001), "malformed_key"),
        (ChatChoice("m", temperature=2.1), "bad_temperature"),
        (ChatChoice("m", temperature=float("nan")), "bad_temperature"),
        (ChatChoice("m", max_tokens=1), "bad_max_tokens"),
        (ChatChoice("m", max_tokens=10**400), "bad_max_tokens"),
    ],
)
def test_values_out_of_bounds_are_refused(tmp_path: Path, choice: ChatChoice, code: str) -> None:
    with pytest.raises(ChatChoiceRefused) as refused:
        desk(tmp_path).keep(choice)
    assert refused.value.reason.code == f"chat_server.{code}"
    assert all(text(refused.value.reason, language) for language in LANGUAGES)


@pytest.mark.parametrize(
    "kept", ["", "[", "[]", '{"choice": [1]}', '{"choice": {"model": 7, "url": null, "max_tokens": true}}', "[" * 9000]
)
def test_a_file_that_is_damaged_is_as_good_as_none(tmp_path: Path, kept: str) -> None:
    (tmp_path / NAME).write_text(kept)
    one = desk(tmp_path)
    assert one.chat is None
    one.keep(ChatChoice("m", "http://127.0.0.1:9/v1"))
    assert desk(tmp_path).in_use().choice.model == "m"


# ---- what a server can do --------------------------------------------------------------------------------------------


def whole(message: object) -> Raw:
    return Raw(json.dumps({"choices": [{"index": 0, "message": message}]}).encode(), "application/json")


def test_a_test_finds_out_what_a_server_can_do_and_it_is_remembered(tmp_path: Path, server: LoopbackOpenAI) -> None:
    server.models = ModelList([{"id": "m", "max_model_len": 32768}, {"id": "n"}, {"id": 7}, "x"])
    server.script(
        Status(400, error("System role not supported")),
        Good(["Yes"]),
        whole({"content": '{"city": "Oslo"}'}),
        whole({"content": None, "tool_calls": [{"id": "1"}]}),
    )
    one = desk(tmp_path)
    found = one.examine(ChatChoice("m", server.url))
    able = ChatAbilities(32768, stream=True, system=False, schema=True, tools=True)
    assert found == ChatExamination(None, ("m", "n"), able)
    assert one.chat is None, "nothing was chosen"
    one.keep(ChatChoice("m", server.url))
    assert one.in_use().abilities == able == desk(tmp_path).abilities()
    asked(one)
    assert [m["role"] for m in server.requests[-1].body["messages"]] == ["user"], "it is not asked again"


def test_a_server_that_can_little_is_told_so(tmp_path: Path, server: LoopbackOpenAI) -> None:
    server.script(
        Status(400, error("stream is not supported")),
        whole({"content": "Yes"}),
        Status(400, error("response_format is not supported")),
        whole({"content": "Oslo"}),
    )
    found = desk(tmp_path).examine(ChatChoice("m", server.url))
    assert found == ChatExamination(None, (), ChatAbilities(0, stream=False, system=True, schema=False, tools=False))


@pytest.mark.parametrize(
    ("listed", "reply", "code"),
    [
        (Status(401, error("no")), None, "bad_key"),
        (None, Status(401, error("no")), "bad_key"),
        (ModelList([{"id": "a"}, {"id": "b"}]), Status(404, error("no model")), "not_there"),
        (None, Status(404, error("no model")), "not_found"),
        (ModelList([{"id": "a"}]), Status(500, "m is not a local folder"), "not_there"),
        (None, Raw(b"<html>", "text/html"), "garbage"),
        (None, Status(429, error("quota", "insufficient_quota")), "quota"),
        (None, Status(302, "", {"Location": "http://169.254.169.254/"}), "redirected"),
    ],
)
def test_a_test_says_what_is_wrong(
    tmp_path: Path, server: LoopbackOpenAI, listed: Status | ModelList | None, reply: Status | Raw | None, code: str
) -> None:
    server.models = listed
    server.script(*[reply] if reply else [])
    found = desk(tmp_path).examine(ChatChoice("m", server.url, KEY))
    assert found.failure and found.failure.code == f"chat_server.{code}"
    for language in LANGUAGES:
        assert "OPENAI_" not in text(found.failure, language)


def test_a_dead_port_is_told_before_anybody_asks(tmp_path: Path) -> None:
    with LoopbackOpenAI() as gone:
        url = gone.url
    one = desk(tmp_path)
    one.keep(ChatChoice("m", url))
    assert one.failure() is None
    one.look()
    failure = one.failure()
    assert failure and failure.code == "generation.refused"


def test_a_look_costs_nothing_and_learns_the_context(tmp_path: Path, server: LoopbackOpenAI) -> None:
    server.models = ModelList([{"id": "m", "meta": {"n_ctx": 4096, "n_ctx_train": 131072}}])
    one = desk(tmp_path)
    one.keep(ChatChoice("m", server.url))
    assert one.look().models == ("m",)
    assert not server.requests and one.abilities() == ChatAbilities(4096)


def test_an_answer_leaves_most_of_a_small_context_to_its_prompt(tmp_path: Path, server: LoopbackOpenAI) -> None:
    server.models = ModelList([{"id": "m", "n_ctx": 3000}])
    one = desk(tmp_path)
    one.keep(ChatChoice("m", server.url, max_tokens=1200))
    one.look()
    asked(one)
    assert (one.context(), one.longest(), server.request().body["max_tokens"]) == (3000, 1000, 1000)
    assert desk(tmp_path, openai_context=9000).context() == 9000


SMALL = ["llama3.2:1b", "SmolLM2-135M-Instruct", "qwen2.5-0.5b", "gemma-2b-it", "Qwen/Qwen3-1.7B"]
LARGE = ["gpt-4o", "llama3.1:8b", "qwen3-30b-a3b", "gemma3:12b", "mixtral-8x7b", "qwen2.5:72b", "m"]


@pytest.mark.parametrize("model", SMALL)
def test_a_small_model_is_known_by_its_name(tmp_path: Path, model: str) -> None:
    one = desk(tmp_path)
    one.keep(ChatChoice(model, "http://127.0.0.1:9/v1"))
    assert one.weak()


@pytest.mark.parametrize("model", LARGE)
def test_any_other_model_is_not(tmp_path: Path, model: str) -> None:
    one = desk(tmp_path)
    one.keep(ChatChoice(model, "http://127.0.0.1:9/v1"))
    assert not one.weak()
