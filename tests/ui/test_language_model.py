"""The language model on the settings page, handler by handler: what is shown and sent, and that no key is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.accounts.actor import OPERATOR, Actor
from rag.errors import ChatChoiceRefused
from rag.models.chat.choice_file import NAME
from rag.models.chat.desk import ChatDesk
from rag.models.chat.openai_chat import OpenAIChat
from rag.service.language_model import LanguageModelService, may_choose
from rag.settings import Settings
from rag.settings.environment import Secret
from rag.types.chat_server import ChatChoice
from rag.ui.handlers.language_model import LanguageModels
from rag.ui.views import SKIP
from tests.support.loopback_openai import LoopbackOpenAI, ModelList, Status, error
from tests.support.scripted_service import ScriptedService

from .test_handlers import ALICE, clicked

KEY = "sk-typed-0f1e2d3c4b5a69788796"


@pytest.fixture
def server() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as running:
        yield running


@pytest.fixture
def service(tmp_path: Path) -> Any:
    return ScriptedService(folder=tmp_path)


def typed(server: LoopbackOpenAI, **others: Any) -> Any:
    form = {"model": "m", "url": server.url, "key": KEY, "temperature": "0.5", "max_tokens": "300", "forget": False}
    return clicked(**{**form, **others})


def test_a_choice_is_kept_and_its_key_never_shown(service: Any, server: LoopbackOpenAI, tmp_path: Path) -> None:
    handlers = LanguageModels(service)
    assert "In use: none" in handlers.show(ALICE).card
    shown = handlers.save(ALICE, typed(server))
    assert "answers from now on" in shown.result and f'value="{server.url}"' in shown.card
    assert 'value="0.5"' in shown.card and 'value="300"' in shown.card and "kept; type another" in shown.card
    assert KEY in (tmp_path / NAME).read_text()
    found = handlers.examine(ALICE, typed(server, key=""))
    gone = handlers.remove(ALICE)
    for update in (shown, found, gone, handlers.show(ALICE)):
        assert KEY not in f"{update.card}{update.result}"
    assert KEY not in (tmp_path / NAME).read_text() and "In use: none" in gone.card


def test_a_test_says_what_is_wrong_and_leaves_the_form_alone(service: Any, server: LoopbackOpenAI) -> None:
    handlers = LanguageModels(service)
    server.script(Status(401, error(f"Incorrect API key {KEY}")))
    shown = handlers.examine(ALICE, typed(server))
    assert shown.card is SKIP and "does not accept this key" in shown.result and "wrong" in shown.result
    assert KEY not in shown.result
    server.models = ModelList([{"id": "<b>m</b>"}, {"id": "m", "max_model_len": 4096}])
    shown = handlers.examine(ALICE, typed(server))
    assert "<b>m</b> answers" not in shown.result and "The server has 2 models." in shown.result
    assert '<option value="m" selected="">m</option>' in shown.result and "4096 tokens" in shown.result


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "file:///etc/passwd"}, "no address of the form"),
        ({"url": "http://169.254.169.254/v1"}, "keep their own secrets"),
        ({"url": "javascript:alert(1)"}, "no address of the form"),
        ({"temperature": "hot"}, "hot is no number"),
        ({"temperature": "inf"}, "inf is no number"),
        ({"max_tokens": "9" * 400}, "no number"),
        ({"max_tokens": "1"}, "from 16 to 128000"),
        ({"key": "a b"}, "no key can have"),
    ],
)
def test_what_cannot_be_chosen_is_said(service: Any, server: LoopbackOpenAI, change: dict[str, str], said: str) -> None:
    handlers = LanguageModels(service)
    for act in (handlers.save, handlers.examine):
        shown = act(ALICE, typed(server, **change))
        assert shown.card is SKIP and said in shown.result
    assert not server.requests


def test_what_the_settings_give_is_shown_and_cannot_be_changed(tmp_path: Path) -> None:
    service: Any = ScriptedService(Settings(openai_api_key=Secret("sk-operator-77"), openai_model="o"), folder=tmp_path)
    card = LanguageModels(service).show(ALICE).card
    assert card.count("disabled") == 3 and "Set by OPENAI_API_KEY" in card and "Set by OPENAI_MODEL" in card
    assert "sk-operator" not in card


def test_whoever_may_not_choose_sees_what_is_in_use_alone(service: Any, server: LoopbackOpenAI) -> None:
    desk = ChatDesk(replace(Settings(), data_dir=str(service.folder)), OpenAIChat)
    service.language_model = LanguageModelService(desk, may_choose=False)
    handlers = LanguageModels(service)
    assert "<form" not in handlers.show(ALICE).card and "RAG_MODEL_CHOICE" in handlers.show(ALICE).card
    for act in (handlers.save, handlers.examine, lambda request, _: handlers.remove(request)):
        assert "set by whoever runs this app" in act(ALICE, typed(server)).result
    assert not server.requests and desk.chat is None
    service.language_model.choose(OPERATOR, ChatChoice("m", server.url))
    with pytest.raises(ChatChoiceRefused):
        service.language_model.choose(Actor.of("", "visitor"), ChatChoice("n", server.url))


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        (Settings(), True),
        (Settings(host="localhost"), True),
        (Settings(host="::1"), True),
        (Settings(host="0.0.0.0"), False),
        (Settings(host="::"), False),
        (Settings(host="192.168.1.5"), False),
        (Settings(allowed_hosts="docs.test"), False),
        (Settings(trusted_proxies="127.0.0.1"), False),
        (Settings(user_header="X-User"), False),
        (Settings(root_path="/docs"), False),
        (Settings(host="0.0.0.0", model_choice="on"), True),
        (Settings(model_choice="off"), False),
    ],
)
def test_who_may_choose(settings: Settings, may: bool) -> None:
    assert may_choose(settings) is may
