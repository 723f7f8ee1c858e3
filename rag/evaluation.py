"""How good is retrieval on labelled questions? The product's own path, measured with the field's measures.

A corpus row becomes one document, is ingested, searched, fused and reranked as any other; a document's rank is that of
its best chunk. Knows neither which models run nor how the numbers are shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .conversation import Conversation
from .errors import RagError
from .ingest import Ingest
from .messages import reason
from .retrieval import Retriever
from .types import (
    Answered,
    Cancel,
    Candidate,
    DocumentOutcome,
    Ledger,
    Outcome,
    Retrieval,
    RetrievalOptions,
    Retrieved,
    Source,
)

STAGES = ("dense", "full_text", "hybrid", "reranked")
MEASURES = ("nDCG@10", "MRR@10", "Recall@3", "Recall@10", "Hit@1")

Progress = Callable[[str, int, int], None]
"""Called with what is being done (`ingest`, `questions`, `unanswerable`), how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document of a corpus."""

    id: str
    title: str
    text: str

    def source(self, *, with_title: bool) -> Source:
        """The row as a Markdown file named by its id."""
        head = f"# {' '.join(self.title.split())}\n\n" if with_title and self.title.strip() else ""
        return Source(self.id, (head + self.text).encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled question: ids of the relevant documents, and strings of which a right answer holds one."""

    id: str
    text: str
    relevant: tuple[str, ...]
    answer_any: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well the product tells questions it can answer from those it cannot, at its threshold."""

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
class Report:
    """The outcome of one evaluation."""

    documents: int
    questions: int
    """With at least one relevant document: the n of all ranking measures."""
    unlabelled: int
    """Left out of them, for want of one."""
    ranking: Mapping[str, Mapping[str, float]]
    """Stage (of `STAGES`) -> measure (of `MEASURES`) -> mean."""
    answers: int = 0
    """Questions with `answer_any`."""
    answered_right: int = 0
    extractive: bool = True
    """No language model wrote the answers."""
    abstention: Abstention | None = None
    setup: Mapping[str, Any] = field(default_factory=dict)
    """What was running: profile, models, options."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The parts that are measured; all over the same, empty collection."""

    ingest: Ingest
    retriever: Retriever
    conversation: Conversation


def evaluate(
    parts: Evaluated,
    corpus: Sequence[Row],
    questions: Sequence[Question],
    *,
    options: RetrievalOptions,
    unanswerable: Sequence[Question] = (),
    with_titles: bool = True,
    setup: Mapping[str, Any] | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Report:
    """Ingest `corpus` and ask everything. Raises RagError when a row is refused or a search cannot run."""
    _ingest(parts.ingest, corpus, with_titles=with_titles, progress=progress)
    labelled = [question for question in questions if question.relevant]
    runs: dict[str, dict[str, list[str]]] = {stage: {} for stage in STAGES}
    best: list[float] = []
    refused = right = 0
    extractive = True
    for done, question in enumerate(labelled, 1):
        retrieval, ledger = _asked(parts, question, options)
        for stage in STAGES:
            runs[stage][question.id] = ranked_documents(retrieval.candidates, stage)
        best.append(best_probability(retrieval))
        refused += not retrieval.contexts
        if ledger:
            right += holds_one(ledger.answer, question.answer_any)
            extractive &= ledger.outcome is not Outcome.GENERATED
        progress("questions", done, len(labelled))
    return Report(
        documents=len(corpus),
        questions=len(labelled),
        unlabelled=len(questions) - len(labelled),
        ranking={stage: measures(labelled, runs[stage]) for stage in STAGES},
        answers=sum(bool(question.answer_any) for question in labelled),
        answered_right=right,
        extractive=extractive,
        abstention=_abstention(parts, unanswerable, best, refused, options, progress) if unanswerable else None,
        setup=dict(setup or {}),
    )


def _ingest(ingest: Ingest, corpus: Sequence[Row], *, with_titles: bool, progress: Progress) -> None:
    sources = [row.source(with_title=with_titles) for row in corpus]
    done = 0
    for event in ingest.run(sources, cancel=Cancel()):
        if event.outcome in (DocumentOutcome.REFUSED, DocumentOutcome.FAILED):
            raise RagError(reason("evaluation.row_refused", id=event.name, why=str(event.reason or "")))
        if event.outcome:
            done += 1
            progress("ingest", done, len(sources))


def _asked(parts: Evaluated, question: Question, options: RetrievalOptions) -> tuple[Retrieval, Ledger | None]:
    """The retrieval of a question, and the whole answer where there is something to compare it with."""
    if not question.answer_any or not question.text.strip():
        return _retrieved(parts.retriever, question.text, options), None
    events = parts.conversation.ask(question.text, history=(), options=options, cancel=Cancel())
    ledger = next(event.ledger for event in events if isinstance(event, Answered))
    if ledger.retrieval is None:
        raise RagError(ledger.reason or reason("evaluation.no_answer", question=question.id))
    return ledger.retrieval, ledger


def _retrieved(retriever: Retriever, query: str, options: RetrievalOptions) -> Retrieval:
    if not query.strip():  # published sets hold a few; nothing can be found for them, and they count
        return Retrieval(query, options, ())
    events = retriever.run(query, options, cancel=Cancel())
    return next(event.retrieval for event in events if isinstance(event, Retrieved))


def _abstention(
    parts: Evaluated,
    unanswerable: Sequence[Question],
    best: Sequence[float],
    refused: int,
    options: RetrievalOptions,
    progress: Progress,
) -> Abstention:
    answered = 0
    others: list[float] = []
    for done, question in enumerate(unanswerable, 1):
        retrieval = _retrieved(parts.retriever, question.text, options)
        answered += bool(retrieval.contexts)
        others.append(best_probability(retrieval))
        progress("unanswerable", done, len(unanswerable))
    return Abstention(
        threshold=options.threshold,
        answerable=len(best),
        refused=refused,
        unanswerable=len(others),
        answered=answered,
        auc=auc(best, others),
    )


# ---- measures -------------------------------------------------------------------------------------------------------


def ranked_documents(candidates: Iterable[Candidate], stage: str) -> list[str]:
    """Documents by their best chunk in the order of one stage, each once."""
    ranks: dict[str, Callable[[Candidate], int | None]] = {
        "dense": lambda c: c.dense.rank if c.dense else None,
        "full_text": lambda c: c.full_text.rank if c.full_text else None,
        "hybrid": lambda c: c.fused.rank if c.fused else None,
        "reranked": lambda c: c.rank,
    }
    found = [(rank, c.stored.document) for c in candidates if (rank := ranks[stage](c)) is not None]
    return list(dict.fromkeys(document for _, document in sorted(found)))


def measures(questions: Sequence[Question], run: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Means over all questions, one without any result counting 0; {} without questions."""
    if not questions:
        return {}
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    named = dict(zip(MEASURES, (nDCG @ 10, RR @ 10, R @ 3, R @ 10, Success @ 1), strict=True))
    judged = [ir_measures.Qrel(q.id, document, 1) for q in questions for document in q.relevant]
    ranked = [
        ir_measures.ScoredDoc(q.id, document, -float(rank))
        for q in questions
        for rank, document in enumerate(run.get(q.id, ()), 1)
    ]
    sums = dict.fromkeys(named, 0.0)
    for value in ir_measures.iter_calc(list(named.values()), judged, ranked):
        sums[next(name for name, measure in named.items() if measure == value.measure)] += value.value
    return {name: total / len(questions) for name, total in sums.items()}


def best_probability(retrieval: Retrieval) -> float:
    """The highest probability any candidate was given; 0 without candidates."""
    return max((c.probability or 0.0 for c in retrieval.candidates), default=0.0)


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that a positive is above a negative, ties counting half; 0.5 when one side is empty."""
    if not positive or not negative:
        return 0.5
    won = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return won / (len(positive) * len(negative))


def holds_one(answer: str, strings: Sequence[str]) -> bool:
    """Whether the answer holds one of the strings, letter case aside."""
    return any(string.lower() in answer.lower() for string in strings)


# ---- files ----------------------------------------------------------------------------------------------------------


def read_corpus(path: Path) -> list[Row]:
    """Rows `id, text` and perhaps `title`. Raises RagError naming file and line."""
    rows: dict[str, Row] = {}
    for line, found in _objects(path):
        row = Row(_text(found, "id", path, line), _text(found, "title", path, line, ""), _text(found, "text", path, line))
        if row.id in rows:
            raise RagError(reason("evaluation.twice", path=str(path), line=line, id=row.id))
        rows[row.id] = row
    if not rows:
        raise RagError(reason("evaluation.empty", path=str(path)))
    return list(rows.values())


def read_questions(path: Path, *, relevant: str = "relevant") -> list[Question]:
    """Rows `qid, query`, the list of relevant ids in the field `relevant`, perhaps `answer_any`.

    Raises RagError naming file and line.
    """
    questions: dict[str, Question] = {}
    for line, found in _objects(path):
        question = Question(
            _text(found, "qid", path, line),
            _text(found, "query", path, line, may_be_empty=True),
            _texts(found, relevant, path, line),
            _texts(found, "answer_any", path, line, ()),
        )
        if question.id in questions:
            raise RagError(reason("evaluation.twice", path=str(path), line=line, id=question.id))
        questions[question.id] = question
    if not questions:
        raise RagError(reason("evaluation.empty", path=str(path)))
    return list(questions.values())


def check_labels(corpus: Sequence[Row], questions: Sequence[Question], path: Path) -> None:
    """Raises RagError when a question names a document the corpus does not have: its recall could never be 1."""
    known = {row.id for row in corpus}
    for question in questions:
        for document in question.relevant:
            if document not in known:
                raise RagError(
                    reason("evaluation.unknown_document", path=str(path), qid=question.id, document=document)
                )


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise RagError(reason("evaluation.unreadable", path=str(path), error=str(e))) from e
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as e:
            raise RagError(reason("evaluation.not_json", path=str(path), line=number, error=str(e))) from e
        if not isinstance(found, dict):
            raise RagError(reason("evaluation.not_an_object", path=str(path), line=number))
        yield number, found


def _text(
    found: Mapping[str, Any], name: str, path: Path, line: int, default: str | None = None, *, may_be_empty: bool = False
) -> str:
    value = found.get(name, default)
    if not isinstance(value, str) or (default is None and not may_be_empty and not value.strip()):
        raise RagError(reason("evaluation.bad_field", path=str(path), line=line, field=name))
    return value


def _texts(
    found: Mapping[str, Any], name: str, path: Path, line: int, default: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    value = found.get(name, default)
    if value is None or isinstance(value, str) or not all(isinstance(v, str) for v in _listed(value)):
        raise RagError(reason("evaluation.bad_list", path=str(path), line=line, field=name))
    return tuple(value)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [None]
