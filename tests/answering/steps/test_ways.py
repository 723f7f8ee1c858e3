"""Steps that a model chooses behind servers of every kind: each is made to reply in the strictest way it obeys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from rag.answering.steps.model import ModelPlanner
from rag.answering.steps.planner import StepChoice
from rag.answering.steps.rules import RulePlanner
from rag.answering.steps.ways import MOST, KnownWays
from rag.events import Cancel
from rag.models.chat.openai_chat import OpenAIChat
from rag.status import ModelInfo
from rag.types import ReplyWay
from rag.types.steps import StepAuthor, StepKind
from tests.support.loopback_openai import (
    Called,
    Cut,
    Gated,
    Good,
    Hung,
    LoopbackOpenAI,
    Raw,
    Reply,
    Status,
    StreamError,
    error,
)  # fmt: skip

from .test_model import state

CHOICE = json.dumps({"reason": "Missing.", "action": "search", "query": "certificate expiry", "document": ""})
SAID = Good([CHOICE])


@pytest.fixture
def server() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as running:
        yield running


def planner(server: LoopbackOpenAI, ways: KnownWays, *, timeout_s: float = 20.0) -> ModelPlanner:
    chat = OpenAIChat("m", "k", server.url, max_retries=0, timeout_s=timeout_s)
    return ModelPlanner(chat, RulePlanner(), cancel=Cancel(), ways=ways)


def asked(body: Mapping[str, Any]) -> str:
    """The way a request was made in."""
    form = body.get("response_format", {}).get("type", "")
    return "tool" if body.get("tools") else {"json_schema": "schema", "json_object": "json", "": "text"}[form]


def is_search(choice: StepChoice) -> bool:
    return (choice.kind, choice.author, choice.query) == (StepKind.SEARCH, StepAuthor.MODEL, "certificate expiry")


def whole_call(arguments: object) -> Raw:
    call = {"id": "1", "type": "function", "function": {"name": "next_step", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    return Raw(json.dumps(body).encode(), "application/json")


NO_SCHEMA = Status(400, error("'response_format' of type 'json_schema' is not supported with this model."))
NO_TOOLS = Status(400, error('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'))
NO_JSON = Status(422, {"detail": [{"loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]})
PROSE = Good(["I would look for how long certificates last."])


@pytest.mark.parametrize(
    ("replies", "ways"),
    [
        pytest.param([SAID], ["schema"], id="it obeys"),
        pytest.param([Good(["```json\n", CHOICE, "\n```"])], ["schema"], id="fenced"),
        pytest.param([Good(["<think>{", '"action": "answer"}', "</think>", CHOICE])], ["schema"], id="thinking first"),
        pytest.param([Good(['{"action": "answer"}</think>', CHOICE])], ["schema"], id="thinking without a beginning"),
        pytest.param([Good([CHOICE], reasoning=["Hm {"])], ["schema"], id="thinking beside"),
        pytest.param([Good([CHOICE, "\n" * 50], finish="length")], ["schema"], id="whole before it was cut"),
        pytest.param([NO_SCHEMA, Called([CHOICE[:9], CHOICE[9:]])], ["schema", "tool"], id="400 on schema"),
        pytest.param([Status(500, "no grammar"), Called([CHOICE])], ["schema", "tool"], id="500 on schema"),
        pytest.param([PROSE, Called([CHOICE], said=["I call it."])], ["schema", "tool"], id="schema ignored"),
        pytest.param([Good([CHOICE[:40]], finish="length"), Called([CHOICE])], ["schema", "tool"], id="cut"),
        pytest.param([Cut([CHOICE[:40]]), Called([CHOICE])], ["schema", "tool"], id="dropped"),
        pytest.param([Good([], reasoning=["Hm"]), Called([CHOICE])], ["schema", "tool"], id="only thinking"),
        pytest.param([Good(["{}"]), whole_call(CHOICE)], ["schema", "tool"], id="call in one piece"),
        pytest.param([PROSE, whole_call(json.loads(CHOICE))], ["schema", "tool"], id="arguments that are an object"),
        pytest.param([Raw(b"<html>", "text/html"), Called([CHOICE])], ["schema", "tool"], id="garbage"),
        pytest.param([NO_SCHEMA, NO_TOOLS, SAID], ["schema", "tool", "json"], id="no tools"),
        pytest.param([NO_SCHEMA, PROSE, SAID], ["schema", "tool", "json"], id="tools ignored"),
        pytest.param([StreamError([], {"message": "no"}), Called([CHOICE])], ["schema", "tool"], id="in the stream"),
        pytest.param([NO_SCHEMA, NO_TOOLS, NO_JSON, SAID], ["schema", "tool", "json", "text"], id="none of them"),
        pytest.param(
            [NO_SCHEMA, NO_TOOLS, NO_JSON, PROSE, Good(["Sorry: ", CHOICE])],
            ["schema", "tool", "json", "text", "text"], id="text with one repair",
        ),
    ],
)  # fmt: skip
def test_a_server_is_asked_in_the_next_way_until_it_obeys_and_in_that_from_then_on(
    server: LoopbackOpenAI, replies: list[Reply], ways: list[str]
) -> None:
    known = KnownWays()
    server.script(*replies)
    assert is_search(planner(server, known).next(state()))
    assert [asked(request.body) for request in server.requests] == ways
    server.script(Called([CHOICE]) if ways[-1] == "tool" else SAID)
    assert is_search(planner(server, known).next(state()))
    assert asked(server.requests[-1].body) == ways[-1]


def test_two_replies_that_cannot_be_used_leave_the_step_to_the_rules_and_the_next_begins_in_a_looser_way(
    server: LoopbackOpenAI,
) -> None:
    known = KnownWays()
    server.script(PROSE, PROSE, PROSE, SAID)
    ruled = planner(server, known).next(state())
    assert (ruled.author, ruled.why.code) == (StepAuthor.RULE, "steps.rules_instead")
    assert is_search(planner(server, known).next(state()))
    assert [asked(request.body) for request in server.requests] == ["schema", "tool", "json", "text"]


@pytest.mark.parametrize("reply", [Hung(), Hung(headers=True), Gated([CHOICE[:9]]), Status(401, error("no key"))])
def test_a_server_that_is_slow_or_says_no_is_asked_once_and_stays_where_it_was(
    server: LoopbackOpenAI, reply: Reply
) -> None:
    known = KnownWays()
    server.script(reply)
    ruled = planner(server, known, timeout_s=0.3).next(state())
    assert (ruled.author, ruled.why.code, len(server.requests)) == (StepAuthor.RULE, "steps.rules_instead", 1)
    server.script(SAID)
    assert is_search(planner(server, known).next(state())) and asked(server.requests[-1].body) == "schema"


def test_a_reply_in_the_form_with_a_choice_that_cannot_be_taken_is_mended_in_the_same_way(
    server: LoopbackOpenAI,
) -> None:
    again = json.dumps({"reason": "", "action": "search", "query": "certificate", "document": ""})
    server.script(Good([again]), SAID)
    assert is_search(planner(server, KnownWays()).next(state()))
    assert [asked(request.body) for request in server.requests] == ["schema", "schema"]
    assert [m["role"] for m in server.requests[1].body["messages"]] == ["system", "user", "assistant", "user"]


def test_the_schema_is_strict_and_flat_and_holds_what_is_possible_and_no_word_of_a_document(
    server: LoopbackOpenAI,
) -> None:
    server.script(SAID)
    planner(server, KnownWays()).next(state())
    held_to = server.requests[0].body["response_format"]["json_schema"]
    schema = held_to["schema"]
    assert held_to["strict"] and not schema["additionalProperties"]
    assert schema["required"] == list(schema["properties"])
    assert {field["type"] for field in schema["properties"].values()} == {"string"}
    assert schema["properties"]["action"]["enum"] == ["search", "read", "answer"]
    assert "lifetime" not in json.dumps(schema)


def test_a_refused_stream_of_calls_leaves_answers_streamed(server: LoopbackOpenAI) -> None:
    server.script(NO_SCHEMA, Status(400, error("Cannot stream tool calls: streaming is not supported")), SAID)
    assert is_search(planner(server, KnownWays()).next(state()))
    assert [request.body["stream"] for request in server.requests] == [True, True, True]


def test_stop_ends_a_decision_at_once(server: LoopbackOpenAI) -> None:
    cancel, known = Cancel(), KnownWays()
    server.answer = lambda request: (cancel.cancel(), Hung(headers=True))[1]  # type: ignore[func-returns-value]
    chat = OpenAIChat("m", "k", server.url, max_retries=0)
    assert ModelPlanner(chat, RulePlanner(), cancel=cancel, ways=known).next(state()).author is StepAuthor.RULE
    assert len(server.requests) == 1 and known.of(chat.info) is ReplyWay.SCHEMA


def test_ways_are_remembered_for_the_models_used_last() -> None:
    known = KnownWays()
    models = [ModelInfo(str(n), "", "host", "") for n in range(MOST + 1)]
    for model in models:
        known.keep(model, ReplyWay.TOOL)
    assert (known.of(models[0]), known.of(models[-1])) == (ReplyWay.SCHEMA, ReplyWay.TOOL)
    known.keep(models[-1], ReplyWay.TEXT)
    known.keep(models[-1], ReplyWay.TOOL)
    assert known.of(models[-1]) is ReplyWay.TEXT
    assert known.of(ModelInfo("50", "", "other", "")) is ReplyWay.SCHEMA


def test_a_server_that_was_down_is_asked_in_the_strictest_way_again(server: LoopbackOpenAI) -> None:
    known = KnownWays()
    server.script(*[Status(500, "restarting")] * 4)
    ruled = planner(server, known).next(state())
    assert (ruled.author, ruled.why.code) == (StepAuthor.RULE, "steps.rules_instead")
    server.script(SAID)
    assert is_search(planner(server, known).next(state()))
    assert asked(server.requests[-1].body) == "schema"
