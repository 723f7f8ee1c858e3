"""Whole answers to labelled questions, asked in one or several approaches: what was gathered, and whether it was right.

Where `evaluate` measures the order of one search, this measures what an answer rests on, however many steps it took.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from rag.errors import RagError
from rag.events import Cancel
from rag.ledger import Answered, Ledger, Outcome, Request
from rag.messages import reason
from rag.runtime import Parts
from rag.types import RetrievalOptions
from rag.types.steps import Approach, StepKind

from .dataset import Question
from .evaluate import Progress
from .measures import holds_one, measures

_ENDS = (StepKind.ANSWER, StepKind.GIVE_UP)


@dataclass(frozen=True, slots=True)
class KindOutcome:
    """What came of questions of one kind, asked in one approach."""

    kind: str | None
    """As the questions say; "" for those that do not, None for all together."""
    approach: Approach
    questions: int
    labelled: int
    """Questions with relevant documents."""
    whole: int
    """Of those the ones for which a context is of each relevant document."""
    ndcg: float
    """nDCG@10 of their documents: those of the contexts in their order, then those of what was not kept."""
    answers: int
    """Questions with expected words."""
    right: int
    """Of those the ones whose answer holds one of them."""
    unanswerable: int
    answered: int
    """Of those the ones that were answered all the same."""
    steps: float
    """In the median, the end not counted; one search is one step."""
    milliseconds: float
    """Of the processor, in the median."""


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """One question with what came of it."""

    question: Question
    approach: Approach
    ledger: Ledger
    milliseconds: float

    @property
    def whole(self) -> bool:
        """True if a context is of each relevant document."""
        return {*self.question.relevant} <= {c.stored.document for c in self.ledger.contexts}

    @property
    def right(self) -> bool:
        return holds_one(self.ledger.answer, self.question.answer_any)

    @property
    def answered(self) -> bool:
        return bool(self.ledger.contexts)

    @property
    def steps(self) -> int:
        return max(1, sum(step.kind not in _ENDS for step in self.ledger.steps))

    @property
    def documents(self) -> list[str]:
        """Documents in the order in which an answer prefers them."""
        kept = [c.stored.document for c in self.ledger.contexts]
        others = sorted((c.rank, c.stored.document) for c in self.ledger.candidates if c.rank and not c.kept)
        return list(dict.fromkeys([*kept, *(document for _, document in others)]))


def asked(
    parts: Parts,
    questions: Sequence[Question],
    approaches: Sequence[Approach],
    *,
    options: RetrievalOptions,
    progress: Progress = lambda _what, _done, _total: None,
) -> Iterator[WholeAnswer]:
    """Every question in every approach, another one first each time: what one read is at hand for the next.

    Raises RagError where one cannot be asked.
    """
    total = len(questions) * len(approaches)
    turns = (
        (q, approaches[(n + k) % len(approaches)]) for n, q in enumerate(questions) for k in range(len(approaches))
    )
    for done, (question, approach) in enumerate(turns, 1):
        began = time.process_time()
        request = Request(question.text, options=replace(options, approach=approach))
        events = parts.answerer.ask(request, cancel=Cancel())
        ledger = next(event.ledger for event in events if isinstance(event, Answered))
        if not ledger.searched or ledger.outcome is Outcome.FAILED:
            raise RagError(reason("evaluation.no_answer", qid=question.id, why=ledger.reason or ""))
        yield WholeAnswer(question, approach, ledger, 1000 * (time.process_time() - began))
        progress("asking", done, total)


def by_kind(found: Sequence[WholeAnswer]) -> list[KindOutcome]:
    """Kind by kind in their first order, each in every approach; then all together, where there are several kinds."""
    kinds = list(dict.fromkeys(one.question.kind for one in found))
    approaches = [a for a in (Approach.DIRECT, Approach.STEPS, Approach.AUTO) if any(o.approach is a for o in found)]
    wanted = [(kind, approach) for kind in kinds for approach in approaches]
    rows = [_row(kind, a, [o for o in found if (o.question.kind, o.approach) == (kind, a)]) for kind, a in wanted]
    if len(kinds) > 1:
        rows += [_row(None, a, [one for one in found if one.approach is a]) for a in approaches]
    return rows


def _row(kind: str | None, approach: Approach, found: Sequence[WholeAnswer]) -> KindOutcome:
    labelled = [one for one in found if one.question.relevant]
    answers = [one for one in found if one.question.answer_any]
    unanswerable = [one for one in found if not one.question.answerable]
    ranks = measures([one.question for one in labelled], {one.question.id: one.documents for one in labelled})
    return KindOutcome(
        kind,
        approach,
        questions=len(found),
        labelled=len(labelled),
        whole=sum(one.whole for one in labelled),
        ndcg=ranks.get("nDCG@10", 0.0),
        answers=len(answers),
        right=sum(one.right for one in answers),
        unanswerable=len(unanswerable),
        answered=sum(one.answered for one in unanswerable),
        steps=median(one.steps for one in found),
        milliseconds=median(one.milliseconds for one in found),
    )


def asked_as_json(one: WholeAnswer) -> dict[str, Any]:
    """What came of one question, for looking into it."""
    return {
        "qid": one.question.id,
        "kind": one.question.kind,
        "approach": str(one.approach),
        "query": one.question.text,
        "relevant": list(one.question.relevant),
        "contexts": [c.stored.document for c in one.ledger.contexts],
        "whole": one.whole if one.question.relevant else None,
        "right": one.right if one.question.answer_any else None,
        "answered": one.answered,
        "steps": [f"{step.kind}: {step.query}" for step in one.ledger.steps],
        "milliseconds": round(one.milliseconds, 1),
    }
