"""Any sequence of decisions, garbage among them, ends within its budget and scope, is kept, and can be replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.answering.steps.budget import StepBudget
from rag.answering.steps.planner import ENDS, aim_of
from rag.errors import GenerationError
from rag.events import Cancel
from rag.evidence.records import read, write
from rag.ledger import Ledger
from rag.messages import LANGUAGES, reason, text
from rag.status import ModelInfo
from rag.store import MilvusStore
from rag.types import Chunk, Document, Message, Narrowing, ReplyForm, Usage
from rag.types.steps import AnswerStep, Approach, StepAuthor, StepFork, StepKind
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store

from .test_lists_and_tables import TABLE, asking

TEXTS = {
    "plant/pumps.md": (f"{TABLE}\nOf valves: [seals](seals.md), [pay](../secret/salaries.md).", ("pump",), "2024-03"),
    "plant/valves.md": ("Valves of the pumps close by themselves.", ("station",), "2024-05-20"),
    "plant/old/seals.md": ("Seals last two years.", ("station",), ""),
    "plant/seals.md": ("Seals last one year.", (), ""),
    "secret/salaries.md": ("Salaries of the pumps and valves.", ("station",), ""),
}  # fmt: skip
QUESTION = "pumps vs valves"
PLANT = Narrowing("kb", ("plant/",))
HANDLES = [f"{letter}{n}" for letter in "DFGKST" for n in (1, 2)] + [f"T1C{n}" for n in (1, 2, 3)]
VALUES = st.sampled_from(
    [
        "", *HANDLES, *map(str, StepKind), "count", "sum", "mean", "least", "most", "value", "=", ">", "<=", "P-1",
        "100", "ram", "valves close", "seals last", "secret/salaries.md", "salaries", "2024", "2024-99", "newest",
        "longest", "1", "3", "</s>", "x" * 400, "\ud800", "\u202e", "1e999",
    ]
)  # fmt: skip
FIELDS = (
    "query", "document", "section", "folder", "kind", "tag", "since", "until", "order", "most", "table", "operation",
    "column", "where", "sign", "value", "group", "missing", "reason",
)  # fmt: skip
KIND = st.sampled_from([str(kind) for kind in StepKind])


def likely(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Fields that such a step may well have."""
    fields = {
        "query": st.sampled_from(["valves close", "seals last", "pump loads", "years", "station"]),
        "document": st.sampled_from(["", "D1"]),
        "folder": st.sampled_from(["", "F1"]), "tag": st.sampled_from(["", "G1", "G2"]), "kind": st.just(""),
        "order": st.sampled_from(["", "newest", "longest"]), "most": st.sampled_from(["", "1"]), "since": st.just(""),
        "until": st.just(""), "table": st.just("T1"), "column": st.sampled_from(["T1C1", "T1C2"]),
        "operation": st.sampled_from(["count", "most", "value", "sum"]), "where": st.sampled_from(["", "T1C1", "T1C2"]),
        "sign": st.sampled_from(["", "=", ">"]), "value": st.sampled_from(["P-1", "100", "240"]),
        "group": st.sampled_from(["", "T1C1"]),
    }  # fmt: skip
    return st.fixed_dictionaries({"action": st.just(kind), **fields})


OBJECTS = KIND.flatmap(likely) | st.fixed_dictionaries({"action": KIND}, optional=dict.fromkeys(FIELDS, VALUES))
REPLIES = (
    OBJECTS.map(json.dumps)
    | OBJECTS.map(lambda said: f"<think>{{\n```json\n{json.dumps(said)}\n```")
    | st.text(max_size=60)
    | st.sampled_from(["", "{", "[]", "null", '{"action": ["search"]}', '{"action":' * 900, "{" * 5000])
    | st.sampled_from(["cut", "rejected", "refused", "length"]).map(
        lambda code: GenerationError(reason(f"generation.{code}", host="h", url="u", model="m", status=400, detail="–"))
    )
)


class Deciding:
    """A model that decides as it is told, over and over, and then says something; looks at what it is offered."""

    def __init__(self, replies: Sequence[str | GenerationError]) -> None:
        self.info = ModelInfo("m", "", "host", "")
        self._replies = replies
        self.asked = 0
        self.seen: list[tuple[dict[str, Any], dict[str, Any]]] = []
        """What each decision was told, and the schema of what it could choose."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        cancel: Cancel,
        on_usage: Callable[[Usage], None] | None = None,
        stop: Sequence[str] = (),
        form: ReplyForm | None = None,
    ) -> Iterator[str]:
        if form is None:
            yield "So it is [1]."
            return
        self.seen.append((json.loads(messages[1].content), dict(form.schema)))
        reply = self._replies[self.asked % len(self._replies)]
        self.asked += 1
        if isinstance(reply, GenerationError):
            raise reply
        yield reply


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    embedder = BagEmbedder(256)
    opened = open_store(tmp_path_factory.mktemp("decisions"), embedder, {})
    for name, (written, tags, date) in TEXTS.items():
        piece = Chunk(0, 0, len(written), ("Guide",), written, 9)
        digest = sha256(written.encode()).hexdigest()
        document = Document(name, digest, name, "en", len(written), 1, 9, 0.0, tags=tags, date=date)
        opened.put(document, [piece], embedder.embed_documents([piece.embedded_text]))
    opened.flush()
    yield opened
    opened.close()


Replies = Sequence[str | GenerationError]


def answered(store: MilvusStore, replies: Replies, budget: StepBudget) -> tuple[Deciding, Ledger]:
    chat = Deciding(replies)
    return chat, asking(store, steps=budget)(QUESTION, PLANT, chat=chat, approach=Approach.STEPS)


BUDGETS = st.builds(
    StepBudget,
    st.sampled_from([12, 6, 3, 2]),
    st.just(60.0),
    st.sampled_from([16, 16, 2, 1]),
    st.sampled_from([10**6, 10**6, 6_000, 500]),
)
any_decisions = given(replies=st.lists(REPLIES, min_size=1, max_size=8), budget=BUDGETS)


@settings(max_examples=40, deadline=None)
@any_decisions
def test_it_ends_within_its_budget_and_scope_and_is_kept(
    store: MilvusStore, replies: Replies, budget: StepBudget
) -> None:
    chat, ledger = answered(store, replies, budget)
    steps = ledger.steps
    assert 2 <= len(steps) <= budget.steps and [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].kind in ENDS and all(step.kind not in ENDS for step in steps[:-1])
    assert sum(step.calls for step in steps) == chat.asked <= budget.calls
    assert len({aim_of(step) for step in steps}) == len(steps)
    assert all(step.milliseconds is not None and step.parent < step.number for step in steps)
    looked_into = {c.stored.document for search in ledger.searches for c in search.candidates}
    assert all(name.startswith("plant/") for name in looked_into.union(*(step.documents for step in steps)))
    assert (ledger.answer or ledger.reason) and read(write(ledger)) == ledger
    whys = [why for step in steps for why in (step.why, *(option.why for option in step.options))]
    assert all(text(why, language) for why in whys for language in LANGUAGES)


@settings(max_examples=40, deadline=None)
@any_decisions
def test_what_is_offered_is_possible_and_all_else_says_why_it_is_not(
    store: MilvusStore, replies: Replies, budget: StepBudget
) -> None:
    chat, ledger = answered(store, replies, budget)
    for told, schema in chat.seen:
        fields = schema["properties"]
        actions = fields["action"]["enum"]
        assert actions == told["actions"] and len(actions) <= 6 and len({"answer", "give_up"} & {*actions}) == 1
        assert ("read" in actions) == bool(told.get("links") or told.get("sections"))
        assert ("tabulate" in actions) == bool(told.get("tables"))
        assert ("answer" in actions) == bool(told.get("found"))
        named = {"folder": "folders", "kind": "kinds", "tag": "tags"}
        for name, values in ((name, set(field["enum"]) - {""}) for name, field in fields.items() if "enum" in field):
            if name in named:
                assert values <= set(told["knowledge"].get(named[name], {}))
            if name == "document":
                assert values == set(told["links"])
            if name == "section":
                assert values == set(told["sections"])
        assert "secret" not in json.dumps(told)
    for step in ledger.steps[1:]:
        if step.author is StepAuthor.MODEL and step.why.code in ("steps.model_says", "steps.model_says_missing"):
            others = [option.kind for option in step.options]
            assert len(set(others)) == len(others) and {*others, step.kind} == set(StepKind)


def told(step: AnswerStep) -> tuple[Any, ...]:
    """What a step was, whoever wanted it."""
    return step.kind, step.query, step.documents, step.arguments, step.table, step.comparison, step.found


@settings(max_examples=15, deadline=None)
@example(replies=[""], budget=StepBudget())
@any_decisions
def test_a_kept_trail_replays_to_the_same_steps(store: MilvusStore, replies: Replies, budget: StepBudget) -> None:
    _, ledger = answered(store, replies, budget)
    assert [*map(told, answered(store, replies, budget)[1].steps)] == [*map(told, ledger.steps)]
    kept = read(write(ledger))
    again = asking(store, steps=budget)(QUESTION, PLANT, given=kept, approach=Approach.STEPS)
    assert [told(step) for step in again.steps[:-1]] == [told(step) for step in ledger.steps[:-1]]
    for step in kept.steps[1:-1]:
        before = tuple(one.number for one in kept.steps if one.number < step.number)
        fork = StepFork(before, step, instead=step.number)
        taken = asking(store, steps=budget)(QUESTION, PLANT, given=kept, fork=fork, approach=Approach.STEPS)
        assert [told(one) for one in taken.steps[: step.number]] == [told(one) for one in kept.steps[: step.number]]
