"""Retrieval on labelled questions: the product's own path, measured with the field's measures.

A corpus row becomes one document, is ingested, searched, fused and reranked as any other; a document's rank is that of
its best chunk. Knows neither which models run nor how the numbers are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.errors import RagError
from rag.events import Cancel, DocumentOutcome, Retrieved
from rag.evidence.calibration import Bin, Judged, expected_error, reliability
from rag.ledger import Answered, Ledger, Outcome, Request
from rag.messages import reason
from rag.runtime import Parts
from rag.status import ModelInfo
from rag.types import Candidate, RetrievalOptions

from .dataset import CorpusDocument, Question
from .measures import auc, holds_one, measures

STAGES: Mapping[str, Callable[[Candidate], int | None]] = {
    "dense": lambda c: c.dense.rank if c.dense else None,
    "full_text": lambda c: c.full_text.rank if c.full_text else None,
    "hybrid": lambda c: c.fused.rank if c.fused else None,
    "reranked": lambda c: c.rank,
}
"""Stage whose order is measured -> a candidate's rank in it."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done (`ingesting` or `asking`), how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """Separation of the questions the product can answer from those it cannot, at its threshold."""

    threshold: float
    answerable: int
    refused: int
    """Answerable questions for which no context was kept."""
    unanswerable: int
    answered: int
    """Unanswerable questions for which some context was kept."""
    auc: float
    """Chance that the best probability of an answerable question is above that of an unanswerable one."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Agreement of the reranker's probability with the share of right documents among those it gives it to.

    A pair is a question and a document found for it, with the probability of the document's best chunk.
    """

    pairs: int
    judged_only: bool
    """Only documents somebody judged count; otherwise all that are not labelled relevant count as wrong."""
    error: float
    """ECE: the expected calibration error."""
    table: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Outcome of an evaluation."""

    documents: int
    questions: int
    """With at least one relevant document: the n of all ranking measures."""
    unlabelled: int
    """Left out of them, for want of one."""
    ranking: Mapping[str, Mapping[str, float]]
    """Stage (of `STAGES`) -> measure -> mean."""
    answers: int
    """Questions with `answer_any`."""
    answered_right: int
    generated: bool
    """A language model wrote the answers; otherwise they are extractive."""
    abstention: Abstention | None
    profile: str
    models: Mapping[str, ModelInfo]
    """By part: embedder, reranker."""
    options: RetrievalOptions = field(default_factory=RetrievalOptions)
    several: int = 0
    """Questions with more than one relevant document."""
    gathered: int = 0
    """Of those the ones for which a passage of every relevant document was kept."""
    calibration: Reliability | None = None
    """None where no document was judged by the reranker."""
    steps: int = 0
    """Steps in the median of the questions that were answered; 0 where one search was all."""


@dataclass(slots=True)
class _Tally:
    """Results of the questions so far."""

    judged_only: bool = False
    runs: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {stage: {} for stage in STAGES})
    best: list[float] = field(default_factory=list)
    kept: int = 0
    """Questions for which some context was kept."""
    answers: int = 0
    right: int = 0
    generated: bool = False
    several: int = 0
    gathered: int = 0
    steps: list[int] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    def add(self, question: Question, candidates: Sequence[Candidate], ledger: Ledger | None) -> None:
        self.judged += judged(question, candidates, judged_only=self.judged_only)
        for stage in STAGES:
            self.runs[stage][question.id] = ranked_documents(candidates, stage)
        self.best.append(best_probability(candidates))
        self.kept += any(c.kept for c in candidates)
        self.answers += bool(question.answer_any)
        if ledger and len(question.relevant) > 1:
            self.several += 1
            self.gathered += {*question.relevant} <= {c.stored.document for c in ledger.contexts}
        if ledger:
            self.steps.append(len(ledger.steps))
            self.right += holds_one(ledger.answer, question.answer_any)
            self.generated |= ledger.outcome is Outcome.GENERATED


def evaluate(
    parts: Parts,
    corpus: Sequence[CorpusDocument],
    questions: Sequence[Question],
    *,
    options: RetrievalOptions,
    unanswerable: Sequence[Question] = (),
    with_titles: bool = True,
    progress: Progress = lambda _what, _done, _total: None,
) -> Evaluation:
    """Ingest `corpus` into the parts' collection, which must be empty, and ask everything.

    Raises RagError when a row is refused or a search cannot run.
    """
    ingested(parts, corpus, with_titles=with_titles, progress=progress)
    labelled = [question for question in questions if question.relevant]
    only_wrong = [question for question in questions if question.irrelevant and not question.relevant]
    judged_only = any(question.irrelevant for question in questions)
    only_words = [q for q in questions if q.answer_any and not q.relevant and not q.irrelevant]
    total = len(labelled) + len(unanswerable) + len(only_wrong) + len(only_words)
    tally, others, wrong, counted = _Tally(judged_only), _Tally(), _Tally(judged_only), _Tally()
    for done, question in enumerate(labelled, 1):
        tally.add(question, *_asked(parts, question, options))
        progress("asking", done, total)
    for done, question in enumerate(unanswerable, len(labelled) + 1):
        others.add(question, _retrieved(parts, question.text, options), None)
        progress("asking", done, total)
    for done, question in enumerate(only_wrong, len(labelled) + len(unanswerable) + 1):
        wrong.add(question, _retrieved(parts, question.text, options), None)
        progress("asking", done, total)
    for done, question in enumerate(only_words, total - len(only_words) + 1):
        counted.add(question, *_asked(parts, question, options))
        progress("asking", done, total)
    taken = sorted([*tally.steps, *counted.steps])
    return Evaluation(
        documents=len(corpus),
        questions=len(labelled),
        unlabelled=len(questions) - len(labelled),
        ranking={stage: measures(labelled, tally.runs[stage]) for stage in STAGES},
        answers=tally.answers + counted.answers,
        answered_right=tally.right + counted.right,
        steps=taken[len(taken) // 2] if taken else 0,
        several=tally.several,
        gathered=tally.gathered,
        generated=tally.generated,
        abstention=_abstention(tally, others, options) if unanswerable else None,
        profile=parts.models.profile,
        models={"embedder": parts.models.embedder.info, "reranker": parts.models.reranker.info},
        options=options,
        calibration=_calibration([*tally.judged, *others.judged, *wrong.judged], judged_only=judged_only),
    )


def ranked_documents(candidates: Iterable[Candidate], stage: str) -> list[str]:
    """Documents by their best chunk in the order of one of `STAGES`, each once."""
    found = [(rank, c.stored.document) for c in candidates if (rank := STAGES[stage](c)) is not None]
    return list(dict.fromkeys(document for _, document in sorted(found)))


def best_probability(candidates: Iterable[Candidate]) -> float:
    """The highest probability any candidate was given; 0 without candidates."""
    return max((c.probability or 0.0 for c in candidates), default=0.0)


def judged(question: Question, candidates: Iterable[Candidate], *, judged_only: bool) -> list[Judged]:
    """Each document found, by its best probability, and whether it is labelled relevant."""
    best: dict[str, float] = {}
    for c in candidates:
        if c.probability is not None:
            best[c.stored.document] = max(c.probability, best.get(c.stored.document, 0.0))
    known = {*question.relevant, *question.irrelevant}
    return [(p, name in question.relevant) for name, p in best.items() if name in known or not judged_only]


def _calibration(pairs: Sequence[Judged], *, judged_only: bool) -> Reliability | None:
    if not pairs:
        return None
    table = reliability(pairs)
    return Reliability(len(pairs), judged_only, expected_error(table), table)


def ingested(parts: Parts, corpus: Sequence[CorpusDocument], *, with_titles: bool, progress: Progress) -> None:
    """Take in a corpus. Raises RagError when a row is refused."""
    done = 0
    sources = [row.source(with_title=with_titles) for row in corpus]
    for event in parts.ingest.run(sources, cancel=Cancel()):
        if event.outcome in (DocumentOutcome.REFUSED, DocumentOutcome.FAILED):
            raise RagError(reason("evaluation.row_refused", id=event.name, why=event.reason or ""))
        if event.outcome:
            done += 1
            progress("ingesting", done, len(sources))


def _asked(parts: Parts, question: Question, options: RetrievalOptions) -> tuple[Sequence[Candidate], Ledger | None]:
    """The candidates found for a question, and the whole answer where there is something to compare it with: expected
    words, or several documents that steps may find one by one."""
    if not (question.answer_any or len(question.relevant) > 1) or not question.text.strip():
        return _retrieved(parts, question.text, options), None
    events = parts.answerer.ask(Request(question.text, options=options), cancel=Cancel())
    ledger = next(event.ledger for event in events if isinstance(event, Answered))
    if not ledger.searched or ledger.outcome is Outcome.FAILED:
        raise RagError(reason("evaluation.no_answer", qid=question.id, why=ledger.reason or ""))
    return ledger.candidates, ledger


def _retrieved(parts: Parts, query: str, options: RetrievalOptions) -> Sequence[Candidate]:
    if not query.strip():  # published sets hold a few: nothing can be found for them, and they count
        return ()
    events = parts.retriever.run(query, options, cancel=Cancel())
    return next(event.retrieval.candidates for event in events if isinstance(event, Retrieved))


def _abstention(answerable: _Tally, unanswerable: _Tally, options: RetrievalOptions) -> Abstention:
    return Abstention(
        threshold=options.threshold,
        answerable=len(answerable.best),
        refused=len(answerable.best) - answerable.kept,
        unanswerable=len(unanswerable.best),
        answered=unanswerable.kept,
        auc=auc(answerable.best, unanswerable.best),
    )
