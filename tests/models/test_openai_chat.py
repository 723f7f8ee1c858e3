"""The OpenAI client against a real server on loopback: what arrives, what is said when it does not, what leaks."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator

import pytest

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import LANGUAGES, Reason, reason, text
from rag.models.chat.openai_chat import OpenAIChat
from rag.models.chat.request import Wanted
from rag.settings.environment import Secret
from rag.types import Message, Usage
from tests.support.loopback_openai import Cut, Gated, Good, Hung, LoopbackOpenAI, Raw, Reply, Status, StreamError, error

KEY = "sk-loopback-9f8e7d6c5b4a39281706"
ASKED = (Message("system", "Answer."), Message("user", "为什么 why?"))
SOON_S = 0.3
"""A time limit for replies that never come."""
HOST = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as running:
        yield running


class Pauses:
    """The seconds a client would have waited between attempts."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def chat_at(
    url: str,
    *,
    key: str = KEY,
    timeout_s: float = 20.0,
    retries: int = 0,
    pauses: Pauses | None = None,
    temperature: float | None = None,
    max_output_tokens: int | None = None,
) -> OpenAIChat:
    return OpenAIChat(
        "gpt-test",
        key,
        url,
        timeout_s=timeout_s,
        max_retries=retries,
        temperature=temperature,
        max_output_tokens=max_output_tokens,
        sleep=pauses or Pauses(),
    )


def ask(chat: OpenAIChat) -> tuple[str, GenerationError | None]:
    """What was delivered, and the error that ended it."""
    delivered = ""
    try:
        for delta in chat.stream(ASKED, cancel=Cancel()):
            delivered += delta
    except GenerationError as e:
        return delivered, e
    return delivered, None


def test_deltas_arrive_one_by_one_while_the_server_is_still_writing(server: LoopbackOpenAI) -> None:
    gate = threading.Event()
    server.script(Gated(["One", " two"], [" three"], gate))
    deltas = chat_at(server.url).stream(ASKED, cancel=Cancel())
    assert [next(deltas), next(deltas)] == ["One", " two"]
    gate.set()
    assert list(deltas) == [" three"]


def test_the_request_holds_the_messages_the_key_and_little_else(server: LoopbackOpenAI) -> None:
    assert ask(chat_at(server.url)) == ("Hello there.", None)
    sent = server.request()
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.body == {
        "model": "gpt-test",
        "messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "为什么 why?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize("end", ["?api-version=2024-10-21&x=", "/?api-version=2024-10-21&x="])
def test_the_query_of_the_address_is_sent_behind_the_path(server: LoopbackOpenAI, end: str) -> None:
    assert ask(chat_at(f"{server.url}{end}")) == ("Hello there.", None)
    assert server.request().path == "/v1/chat/completions?api-version=2024-10-21&x="


def test_nothing_about_this_machine_is_told(server: LoopbackOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    ask(chat_at(server.url))
    told = server.request().headers
    assert not [name for name in told if name.startswith(("x-stainless", "openai-"))]
    assert told["user-agent"] == "plainsight"


def test_a_local_server_needs_no_key_and_no_proxy(server: LoopbackOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert ask(chat_at(server.url, key="")) == ("Hello there.", None)
    assert "authorization" not in server.request().headers


def test_a_starred_secret_is_sent_in_clear_to_the_server_alone(server: LoopbackOpenAI) -> None:
    chat = chat_at(server.url, key=Secret(KEY))
    ask(chat)
    assert server.request().headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(chat)


def test_token_counts_are_passed_on(server: LoopbackOpenAI) -> None:
    server.script(Good(["Hi."], usage=(12, 3)))
    counted: list[Usage] = []
    assert list(chat_at(server.url).stream(ASKED, cancel=Cancel(), on_usage=counted.append)) == ["Hi."]
    assert counted == [Usage(prompt_tokens=12, answer_tokens=3)]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param(Good(["Yes."], reasoning=["Let me", " think"]), "Yes.", id="in a field of its own"),
        pytest.param(Good(["<think>Let me", " see</think>\n\nYes."]), "Yes.", id="as a block"),
        pytest.param(Good(["\n<th", "ink>hm</th", "ink>", "\n", " Yes."]), "Yes.", id="as a block cut anywhere"),
        pytest.param(Good(["<thi", "s> is text"]), "<this> is text", id="no block after all"),
        pytest.param(Good(["A <think>b</think>"]), "A <think>b</think>", id="later tags are text"),
    ],
)
def test_thinking_is_not_answer(server: LoopbackOpenAI, reply: Reply, answer: str) -> None:
    server.script(reply)
    assert ask(chat_at(server.url)) == (answer, None)


def test_an_end_that_names_no_reason_is_an_end(server: LoopbackOpenAI) -> None:
    server.script(Good(["Yes."], finish=None))
    assert ask(chat_at(server.url)) == ("Yes.", None)


@pytest.mark.parametrize("sign", ["\n\ndata: [DONE]\n\n", "data: [DONE]"])
def test_an_answer_that_speaks_of_the_end_has_not_ended_by_that(server: LoopbackOpenAI, sign: str) -> None:
    server.script(Good([sign], finish=None, done=False))
    _, failure = ask(chat_at(server.url))
    assert failure and failure.reason.code == "generation.cut"


def whole(message: object, **others: object) -> Raw:
    """A reply in one piece."""
    body = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message, **others}]}
    return Raw(
        json.dumps({**body, "usage": {"prompt_tokens": 12, "completion_tokens": 3}}).encode(), "application/json"
    )


@pytest.mark.parametrize(
    "refusal",
    [
        Status(400, error("Your organization must be verified to stream this model.", "unsupported_value", "stream")),
        Status(400, error("Streaming is not supported for this model.")),
        Status(501, "this server does not support streaming"),
        Status(422, {"detail": [{"loc": ["body", "stream"], "msg": "Input should be False"}]}),
    ],
)
def test_where_no_stream_is_given_the_answer_is_asked_for_in_one_piece_from_then_on(
    server: LoopbackOpenAI, refusal: Reply
) -> None:
    said = {"role": "assistant", "content": "<think>hm</think>Yes.", "reasoning_content": "hm"}
    server.script(refusal, whole(said, finish_reason="stop"), whole(said))
    chat, counted = chat_at(server.url), list[Usage]()
    assert list(chat.stream(ASKED, cancel=Cancel(), on_usage=counted.append)) == ["Yes."]
    assert ask(chat) == ("Yes.", None)
    first, second, third = (request.body for request in server.requests)
    assert first["stream"] is True
    assert second == third == {"model": "gpt-test", "messages": first["messages"], "stream": False}
    assert counted == [Usage(prompt_tokens=12, answer_tokens=3)]


@pytest.mark.parametrize(
    ("reply", "delivered", "code"),
    [
        pytest.param(whole({"content": [{"type": "text", "text": "Yes."}]}), "Yes.", "", id="a list of parts"),
        pytest.param(whole({"content": "Half", "x": 1}, finish_reason="length"), "Half", "length", id="too long"),
        pytest.param(whole({"content": None}), "", "said_nothing", id="no word"),
        pytest.param(whole("Yes."), "", "garbage", id="no message"),
        pytest.param(Raw(b'{"error": {"code": 429}}', "application/json"), "", "rate_limited", id="an error"),
        pytest.param(Raw(b"[" * 100_000, "application/json"), "", "garbage", id="nested without an end"),
        pytest.param(Raw(b"\n\n" * 5_000_000, "application/json"), "", "garbage", id="blanks without an end"),
    ],
)
def test_an_answer_in_one_piece_is_one_though_a_stream_was_asked_for(
    server: LoopbackOpenAI, reply: Reply, delivered: str, code: str
) -> None:
    server.script(reply)
    answer, failure = ask(chat_at(server.url))
    assert (answer, failure.reason.code if failure else "") == (delivered, f"generation.{code}" if code else "")


@pytest.mark.parametrize("model", ["o3", "o4-mini-2025-04-16", "openai/gpt-5", "gpt-5.1-mini"])
def test_a_model_that_is_known_to_think_is_asked_rightly_at_once(server: LoopbackOpenAI, model: str) -> None:
    chat = OpenAIChat(model, KEY, server.url, temperature=0.2, max_output_tokens=50, reasoning_effort="low")
    list(chat.stream(ASKED, cancel=Cancel(), stop=["#end"]))
    sent = {name: v for name, v in server.request().body.items() if name not in ("model", "messages", "stream")}
    usage = {"include_usage": True}
    assert sent == {"stream_options": usage, "max_completion_tokens": 8050, "reasoning_effort": "low"}


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "qwen3:8b", "llama-3-o1x", "solo3"])
def test_any_other_model_is_asked_as_always(server: LoopbackOpenAI, model: str) -> None:
    chat = OpenAIChat(model, KEY, server.url, temperature=0.0, max_output_tokens=50)
    list(chat.stream(ASKED, cancel=Cancel(), stop=["#end"]))
    sent = {name: v for name, v in server.request().body.items() if name not in ("model", "messages", "stream")}
    usage = {"include_usage": True}
    assert sent == {"stream_options": usage, "temperature": 0.0, "max_tokens": 50, "stop": ["#end"]}


@pytest.mark.parametrize(
    ("model", "url", "seconds", "patience"),
    [
        ("m", "https://a.test/v1", 0, (60, 60)),
        ("m", "http://127.0.0.1:8000/v1", 0, (300, 60)),
        ("o3", "https://a.test/v1", 0, (300, 60)),
        ("o3", "http://localhost/v1", 20, (20, 20)),
    ],
)
def test_what_thinks_or_runs_here_is_waited_for_longer(
    model: str, url: str, seconds: float, patience: tuple[float, float]
) -> None:
    assert Wanted(model).patience(url, seconds) == patience


FAILURES = [
    pytest.param(
        Status(403, error("keys sk-proj-an*****ther and Bearer abcdef\n are not yours")),
        "",
        reason(
            "generation.no_permission",
            host=HOST,
            model="gpt-test",
            detail="keys *** and *** are not yours invalid_request_error",
        ),
        id="no permission, quoting other keys",
    ),
    pytest.param(Status(401, error("no")), "", reason("generation.bad_key", host=HOST), id="wrong key"),
    pytest.param(
        Status(403, error("not for you")),
        "",
        reason("generation.no_permission", host=HOST, model="gpt-test", detail="not for you invalid_request_error"),
        id="no permission",
    ),
    pytest.param(
        Status(404, error("no such model", "model_not_found")),
        "",
        reason("generation.not_found", model="gpt-test", url="URL"),
        id="no such model",
    ),
    pytest.param(
        Status(404, "<html>Not Found</html>"),
        "",
        reason("generation.not_found", model="gpt-test", url="URL"),
        id="no such path",
    ),
    pytest.param(
        Status(429, error("slow down", "rate_limit_exceeded")),
        "",
        reason("generation.rate_limited", host=HOST),
        id="too many requests",
    ),
    pytest.param(
        Status(429, error("slow down"), {"Retry-After": "120"}),
        "",
        reason("generation.rate_limited_for", host=HOST, seconds="120"),
        id="too many requests, for long",
    ),
    pytest.param(
        Status(429, error("You exceeded your current quota", "insufficient_quota")),
        "",
        reason("generation.quota", host=HOST),
        id="no credit",
    ),
    pytest.param(
        Status(400, error("maximum context length is 8192 tokens", "context_length_exceeded", "messages")),
        "",
        reason("generation.too_long", model="gpt-test"),
        id="prompt too long",
    ),
    pytest.param(
        Status(418, error("teapot")),
        "",
        reason("generation.rejected", host=HOST, status=418, detail="teapot invalid_request_error"),
        id="any other refusal",
    ),
    pytest.param(
        Status(307, "", {"Location": "http://127.0.0.1:9/v1"}),
        "",
        reason("generation.redirected", url="URL", status=307),
        id="sent elsewhere",
    ),
    pytest.param(
        Status(503, "<html>Bad</html>"),
        "",
        reason("generation.server_error", host=HOST, status=503, detail="–"),
        id="server fault",
    ),
    pytest.param(Cut(["Half an"]), "Half an", reason("generation.cut", host=HOST), id="cut in the middle"),
    pytest.param(
        Good(["Half an"], finish=None, done=False),
        "Half an",
        reason("generation.cut", host=HOST),
        id="ended without an end",
    ),
    pytest.param(
        StreamError(["Half an"], {"message": "overloaded"}),
        "Half an",
        reason("generation.cut", host=HOST),
        id="error in the middle",
    ),
    pytest.param(
        StreamError([], {"message": "slow down", "code": 429}),
        "",
        reason("generation.rate_limited", host=HOST),
        id="status inside the stream",
    ),
    pytest.param(
        StreamError([], {"message": "prompt is too long: 9 > 8"}),
        "",
        reason("generation.too_long", model="gpt-test"),
        id="too long, inside the stream",
    ),
    pytest.param(
        Good(["Half an"], finish="length"), "Half an", reason("generation.length", model="gpt-test"), id="too long"
    ),
    pytest.param(
        Good(["<think>and then"], finish="length"),
        "",
        reason("generation.only_thought", model="gpt-test"),
        id="thought until the end",
    ),
    pytest.param(
        Good(["Half"], finish="content_filter"), "Half", reason("generation.filtered", host=HOST), id="filtered"
    ),
    pytest.param(Good([]), "", reason("generation.said_nothing", model="gpt-test"), id="no word"),
    pytest.param(Raw(b""), "", reason("generation.empty", url="URL"), id="empty stream"),
    pytest.param(Raw(b"data: {not json\n\n"), "", reason("generation.garbage", url="URL"), id="not JSON"),
    pytest.param(Raw(b'data: {"hello": 1}\n\n'), "", reason("generation.garbage", url="URL"), id="other JSON"),
    pytest.param(Raw(b"data: [1, 2]\n\n"), "", reason("generation.garbage", url="URL"), id="a list"),
    pytest.param(Raw(b"data: \xff\xfe\n\n"), "", reason("generation.garbage", url="URL"), id="not UTF-8"),
    pytest.param(
        Raw(b"<html>Welcome</html>", "text/html"), "", reason("generation.garbage", url="URL"), id="a web page"
    ),
    pytest.param(
        Raw(b'{"choices": []}', "application/json"), "", reason("generation.garbage", url="URL"), id="no stream"
    ),
]


@pytest.mark.parametrize(("reply", "delivered", "why"), FAILURES)
def test_every_failure_is_a_sentence_and_what_arrived_is_kept(
    server: LoopbackOpenAI, reply: Reply, delivered: str, why: Reason
) -> None:
    server.script(reply)
    answer, failure = ask(chat_at(server.url))
    assert failure
    values = {
        name: value.replace(server.url, "URL").replace(server.url.split("/")[2], HOST)
        if isinstance(value, str)
        else value
        for name, value in failure.reason.values.items()
    }
    assert (answer, Reason(failure.reason.code, values)) == (delivered, why)
    assert all(text(failure.reason, language) for language in LANGUAGES)
    assert len(server.requests) == 1


def test_a_missing_model_is_named_with_the_address(server: LoopbackOpenAI) -> None:
    server.script(Status(404, error("nope")))
    _, failure = ask(chat_at(server.url))
    assert "gpt-test" in str(failure)
    assert server.url in str(failure)


@pytest.mark.parametrize(
    ("reply", "delivered", "code", "timeout_s"),
    [
        pytest.param(Hung(), "", "first_token", SOON_S, id="no status line"),
        pytest.param(Hung(headers=True), "", "first_token", SOON_S, id="no first token"),
        pytest.param(Hung(headers=True, pings=3), "", "first_token", SOON_S, id="comments are no token"),
        pytest.param(Hung(headers=True, deltas=["Half"]), "Half", "stalled", 2.0, id="silent in the middle"),
    ],
)
def test_silence_is_not_waited_out_and_not_repeated(
    server: LoopbackOpenAI, reply: Reply, delivered: str, code: str, timeout_s: float
) -> None:
    server.script(reply)
    answer, failure = ask(chat_at(server.url, timeout_s=timeout_s, retries=3))
    assert failure
    assert (answer, failure.reason.code) == (delivered, f"generation.{code}")
    assert len(server.requests) == 1
    assert server.request().hung_up.wait(10)


@contextlib.contextmanager
def full_backlog() -> Iterator[str]:
    """An address whose queue of connections is full, so that connecting neither succeeds nor fails."""
    with socket.socket() as listening, contextlib.ExitStack() as waiting:
        listening.bind((HOST, 0))
        listening.listen(0)
        for _ in range(4):
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield f"http://{HOST}:{listening.getsockname()[1]}/v1"


def test_a_server_that_accepts_nobody_is_told_from_a_slow_model() -> None:
    with full_backlog() as url:
        _, failure = ask(chat_at(url, timeout_s=SOON_S))
    assert failure
    assert failure.reason == reason("generation.connect_timeout", host=url.split("/")[2], seconds="0.3")


def test_nothing_listening() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        url = f"http://{HOST}:{bound.getsockname()[1]}/v1"
        _, failure = ask(chat_at(url))
    assert failure
    assert failure.reason == reason("generation.refused", url=url)


def test_no_such_name() -> None:
    _, failure = ask(chat_at("http://nowhere.invalid/v1"))
    assert failure
    assert failure.reason == reason("generation.unknown_host", host="nowhere.invalid")


def test_a_server_that_speaks_no_tls(server: LoopbackOpenAI) -> None:
    _, failure = ask(chat_at(server.url.replace("http:", "https:")))
    assert failure
    assert failure.reason.code == "generation.tls"


def test_a_connection_dropped_before_the_reply(server: LoopbackOpenAI) -> None:
    server.script(Cut(headers=False))
    _, failure = ask(chat_at(server.url))
    assert failure
    assert failure.reason.code == "generation.connection"


@pytest.mark.parametrize(
    "url", ["localhost:11434/v1", "ftp://models/v1", "http://", "http://a b/v1", "http://h\n/v1", "https://x:y/v1"]
)
def test_what_is_no_address_is_refused_before_any_request(url: str) -> None:
    _, failure = ask(chat_at(url))
    assert failure
    assert failure.reason.code == "generation.bad_url"


def test_openai_itself_is_not_asked_without_a_key() -> None:
    _, failure = ask(chat_at("", key=""))
    assert failure
    assert failure.reason == reason("generation.no_key", host="api.openai.com")


def test_a_server_that_wants_a_key_says_so_when_there_is_none(server: LoopbackOpenAI) -> None:
    server.script(Status(401, error("key please")))
    _, failure = ask(chat_at(server.url, key=""))
    assert failure
    assert failure.reason.code == "generation.no_key"


@pytest.mark.parametrize("key", ["sk-“quoted”", "sk-a b", "sk-a\nX-Evil: 1"], ids=["curly quotes", "blank", "line"])
def test_a_key_that_cannot_be_one_is_not_sent(server: LoopbackOpenAI, key: str) -> None:
    _, failure = ask(chat_at(server.url, key=key))
    assert failure
    assert failure.reason == reason("generation.malformed_key")
    assert server.requests == []


# ---- trying again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Status(429, error("slow down")), id="rate limit"),
        pytest.param(Status(500, error("oops")), id="server fault"),
        pytest.param(Status(503, ""), id="overloaded"),
        pytest.param(Cut(headers=False), id="dropped"),
        pytest.param(Cut(), id="cut before the first token"),
    ],
)
def test_what_may_pass_is_tried_again_before_the_first_token(server: LoopbackOpenAI, first: Reply) -> None:
    pauses = Pauses()
    server.script(first, first, Good(["Now."]))
    assert ask(chat_at(server.url, retries=2, pauses=pauses)) == ("Now.", None)
    assert pauses.seconds == [0.5, 1.0]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Status(401, error("no")), id="wrong key"),
        pytest.param(Status(404, error("no")), id="no such model"),
        pytest.param(Status(429, error("no", "insufficient_quota")), id="no credit"),
        pytest.param(Status(429, error("no"), {"Retry-After": "21"}), id="too long a wait"),
        pytest.param(Cut(["Half"]), id="after the first token"),
        pytest.param(StreamError(["Half"], {"message": "x", "code": 500}), id="fault after the first token"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(server: LoopbackOpenAI, reply: Reply) -> None:
    pauses = Pauses()
    server.script(reply)
    _, failure = ask(chat_at(server.url, retries=5, pauses=pauses))
    assert failure
    assert (len(server.requests), pauses.seconds) == (1, [])


def test_the_provider_says_how_long_to_wait(server: LoopbackOpenAI) -> None:
    pauses = Pauses()
    server.script(Status(429, error("x"), {"Retry-After": "3"}), Good(["Now."]))
    assert ask(chat_at(server.url, retries=1, pauses=pauses)) == ("Now.", None)
    assert pauses.seconds == [3.0]


def test_patience_ends(server: LoopbackOpenAI) -> None:
    server.script(*[Status(500, error("oops"))] * 4)
    _, failure = ask(chat_at(server.url, retries=2))
    assert failure
    assert failure.reason.code == "generation.server_error"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("refusal", "refused", "instead"),
    [
        pytest.param(
            Status(400, error("Unsupported value: 'temperature' does not support 0.2", None, "temperature")),
            "temperature",
            {},
            id="temperature",
        ),
        pytest.param(
            Status(400, error("'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")),
            "max_tokens",
            {"max_completion_tokens": 50},
            id="max_tokens",
        ),
        pytest.param(
            Status(422, {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}),
            "stream_options",
            {},
            id="stream_options",
        ),
    ],
)
def test_a_parameter_the_server_refuses_is_left_out_from_then_on(
    server: LoopbackOpenAI, refusal: Reply, refused: str, instead: dict[str, int]
) -> None:
    server.script(refusal)
    chat = chat_at(server.url, temperature=0.2, max_output_tokens=50)
    assert ask(chat) == ("Hello there.", None)
    assert ask(chat) == ("Hello there.", None)
    first, second, third = (request.body for request in server.requests)
    assert refused in first
    assert second == third == {name: value for name, value in first.items() if name != refused} | instead


def test_a_server_that_refuses_everything_is_given_up(server: LoopbackOpenAI) -> None:
    server.script(
        *[Status(400, error("bad temperature, max_tokens, max_completion_tokens, stream_options, model"))] * 9
    )
    _, failure = ask(chat_at(server.url, temperature=0.2, max_output_tokens=50))
    assert failure
    assert failure.reason.code == "generation.rejected"
    assert len(server.requests) == 5


# ---- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "delivered"),
    [
        pytest.param(Hung(), [], id="before the headers"),
        pytest.param(Hung(headers=True), [], id="before the first token"),
        pytest.param(Gated(["One", " two"]), ["One", " two"], id="in the middle"),
    ],
)
def test_stop_hangs_up_at_once_and_ends_quietly(server: LoopbackOpenAI, reply: Reply, delivered: list[str]) -> None:
    server.script(reply)
    cancel = Cancel()
    received: list[str] = []
    both = threading.Event()

    def read() -> None:
        for delta in chat_at(server.url).stream(ASKED, cancel=cancel):
            received.append(delta)
            if len(received) == len(delivered):
                both.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert server.request().began.wait(10)
    assert not delivered or both.wait(10)
    cancel.cancel()
    reader.join(10)
    assert not reader.is_alive()
    assert server.request().hung_up.wait(10)
    assert received == delivered


def test_stop_while_waiting_to_try_again(server: LoopbackOpenAI) -> None:
    cancel = Cancel()

    async def stopped(seconds: float) -> None:
        cancel.cancel()

    server.script(Status(500, error("oops")))
    chat = OpenAIChat("gpt-test", KEY, server.url, max_retries=3, sleep=stopped)
    assert list(chat.stream(ASKED, cancel=cancel)) == []
    assert len(server.requests) == 1


def test_a_thrown_switch_sends_nothing(server: LoopbackOpenAI) -> None:
    cancel = Cancel()
    cancel.cancel()
    assert list(chat_at(server.url).stream(ASKED, cancel=cancel)) == []
    assert server.requests == []


def test_closing_the_iterator_hangs_up(server: LoopbackOpenAI) -> None:
    server.script(Gated(["One"]))
    deltas = chat_at(server.url).stream(ASKED, cancel=Cancel())
    assert next(deltas) == "One"
    deltas.close()  # type: ignore[attr-defined]
    assert server.request().hung_up.wait(10)


def test_a_switch_thrown_after_the_answer_is_harmless(server: LoopbackOpenAI) -> None:
    cancel = Cancel()
    assert "".join(chat_at(server.url).stream(ASKED, cancel=cancel)) == "Hello there."
    cancel.cancel()
    assert ask(chat_at(server.url)) == ("Hello there.", None)


def test_two_answers_at_once_do_not_mix(server: LoopbackOpenAI) -> None:
    chat = chat_at(server.url)
    server.script(Gated(["a1"], [" a2"]), Gated(["b1"], [" b2"]))
    one, two = server.replies[0], server.replies[1]
    assert isinstance(one, Gated) and isinstance(two, Gated)
    first = chat.stream(ASKED, cancel=Cancel())
    begun = [next(first)]
    second = chat.stream(ASKED, cancel=Cancel())
    begun.append(next(second))
    two.gate.set()
    one.gate.set()
    assert (begun, list(second), list(first)) == (["a1", "b1"], [" b2"], [" a2"])


# ---- the key ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Status(401, error(f"Incorrect API key provided: {KEY}.")), id="401 quotes the key"),
        pytest.param(Status(403, error(f"key {KEY} may not")), id="403 quotes the key"),
        pytest.param(Status(403, error(f"key {KEY[:14]}…{KEY[-10:]} may not")), id="403 quotes parts of it"),
        pytest.param(Status(403, error(f'{{"authorization":"Bearer {KEY}"}}')), id="403 quotes the header"),
        pytest.param(Status(500, KEY), id="500 is the key"),
        pytest.param(Status(400, {"detail": [{"input": KEY}]}), id="400 quotes the request"),
        pytest.param(StreamError([], {"message": KEY}), id="stream error is the key"),
        pytest.param(Raw(f"data: {KEY}\n\n".encode()), id="stream is the key"),
        pytest.param(Raw(b"<html>", f"text/html; {KEY}"), id="content type is the key"),
        pytest.param(Status(307, "", {"Location": f"http://{KEY}/"}), id="redirect to the key"),
    ],
)
def test_the_key_is_in_no_message_no_log_no_repr(
    server: LoopbackOpenAI, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(reply)
    chat = chat_at(server.url)
    # httpcore's own debug lines hold the headers of replies; no setting of ours switches them on
    with caplog.at_level(logging.INFO), caplog.at_level(logging.DEBUG, "rag"), caplog.at_level(logging.DEBUG, "openai"):
        _, failure = ask(chat)
    assert failure
    assert "chat request failed" in caplog.text
    told = "".join(traceback.format_exception(failure)) + repr(failure) + repr(chat) + caplog.text
    told += "".join(text(failure.reason, language) for language in LANGUAGES)
    for length in (len(KEY), 10, 8):
        assert not [start for start in range(len(KEY) - length + 1) if KEY[start : start + length] in told]


def test_credentials_in_the_address_are_not_shown(server: LoopbackOpenAI) -> None:
    server.script(Status(404, ""))
    chat = chat_at(server.url.replace("http://", "http://user:hidden@") + "?token=hidden")
    _, failure = ask(chat)
    assert "hidden" not in f"{failure} {chat!r} {chat.info}"


def test_the_page_is_told_the_model_and_where_it_runs(server: LoopbackOpenAI) -> None:
    info = chat_at(server.url).info
    assert (info.name, info.device) == ("gpt-test", server.url.split("/")[2])


def chunk(delta: object, finish: str | None = None) -> bytes:
    """An event of a stream as any JSON writer may send it."""
    data = {
        "id": "c",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(data)}\n\n".encode()


def streamed(*deltas: object) -> Raw:
    return Raw(b"".join(map(chunk, deltas)) + chunk({}, "stop") + b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param(streamed({"content": [{"type": "text", "text": "Yes."}]}), "Yes.", id="a list of parts"),
        pytest.param(
            streamed({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}]}),
            "Yes.",
            id="thinking in a part",
        ),
        pytest.param(streamed({"reasoning": "hm"}, {"content": "Yes."}), "Yes.", id="thinking in the other field"),
        pytest.param(
            streamed({"content": "\ud83d"}, {"content": "\ude00!"}), "\U0001f600!", id="half a sign at a time"
        ),
        pytest.param(
            streamed({"content": "a\ud800"}, {"content": "b\udfff\0"}), "a\ufffdb\ufffd\ufffd", id="lone halves"
        ),
        pytest.param(streamed({"content": "a\ud800"}), "a\ufffd", id="a lone half at the end"),
    ],
)
def test_whatever_shape_text_comes_in_it_can_be_kept(server: LoopbackOpenAI, reply: Reply, answer: str) -> None:
    server.script(reply)
    assert ask(chat_at(server.url)) == (answer, None)


def overlong(limit: int) -> Reason:
    return reason("generation.overlong", model="gpt-test", limit=limit)


@pytest.mark.parametrize(
    "deltas",
    [pytest.param(["a" * 1_000_000], id="in one delta"), pytest.param(["a" * 7] * 9_000, id="in many")],
)
@pytest.mark.parametrize(("tokens", "limit"), [(None, 20_000), (2_000, 32_000)])
def test_an_answer_without_an_end_is_cut_and_says_so(
    server: LoopbackOpenAI, deltas: list[str], tokens: int | None, limit: int
) -> None:
    server.script(Gated(deltas))
    answer, failure = ask(chat_at(server.url, max_output_tokens=tokens))
    assert failure
    assert (len(answer), failure.reason) == (limit, overlong(limit))
    assert server.request().hung_up.wait(10.0)


def test_thinking_without_an_end_is_stopped(server: LoopbackOpenAI) -> None:
    server.script(Good(["Yes."], reasoning=["a" * 600_000] * 2))
    answer, failure = ask(chat_at(server.url))
    assert failure
    assert (answer, failure.reason) == ("", reason("generation.endless_thought", model="gpt-test"))


def test_an_event_that_never_ends_is_not_kept(server: LoopbackOpenAI) -> None:
    server.script(Raw(b"data: " + b"a" * 9_000_000))
    answer, failure = ask(chat_at(server.url))
    assert failure
    assert (answer, failure.reason) == ("", reason("generation.garbage", url=server.url))


def test_an_error_body_of_any_length_and_depth_is_a_sentence(server: LoopbackOpenAI) -> None:
    server.script(
        Status(500, "a" * 3_000_000), Status(500, '{"error": ' + "[" * 100_000), Status(500, error("b " * 60_000))
    )
    for shown in ("…", '{"error"', "b b b"):
        _, failure = ask(chat_at(server.url))
        assert failure
        assert failure.reason.code == "generation.server_error"
        assert shown in str(failure)
        assert len(str(failure)) < 500


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "System role not supported"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
        (500, "Jinja Exception: System role not supported"),
    ],
)
def test_where_rules_may_have_no_message_of_their_own_they_go_before_the_users(
    server: LoopbackOpenAI, status: int, said: str
) -> None:
    server.script(Status(status, error(said)))
    chat = chat_at(server.url)
    assert ask(chat) == ("Hello there.", None)
    assert ask(chat) == ("Hello there.", None)
    turned = [{"role": "user", "content": "Answer.\n\n为什么 why?"}]
    assert [request.body["messages"] == turned for request in server.requests] == [False, True, True]
