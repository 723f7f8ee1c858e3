"""Two indexes asked the same questions, to tell whether the new one is better before it is switched to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.errors import RagError
from rag.events import Cancel, Retrieved
from rag.evidence.marks import Mark, Relevance
from rag.retrieval.retriever import Retriever
from rag.types import RetrievalOptions

from .dataset import Question
from .evaluate import ranked_documents
from .measures import measures


@dataclass(frozen=True, slots=True)
class RankChange:
    """Rank of a question's first right document in each index, from 1; None where it is not found."""

    question: Question
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results of two indexes for the same questions, by documents in final order."""

    standings: tuple[RankChange, ...]
    old: Mapping[str, float]
    new: Mapping[str, float]
    """Means of the measures of `rag.evaluation.measures`; empty without questions."""


def compare(
    old: Retriever, new: Retriever, questions: Sequence[Question], options: RetrievalOptions, *, cancel: Cancel
) -> Comparison:
    """Ask both. An index that cannot be asked at all finds nothing; the stages of an answer say why."""
    runs: list[dict[str, list[str]]] = [{}, {}]
    for question in questions:
        for run, retriever in zip(runs, (old, new), strict=True):
            run[question.id] = _documents(retriever, question.text, options, cancel)
    standings = tuple(RankChange(q, _first(q, runs[0][q.id]), _first(q, runs[1][q.id])) for q in questions)
    return Comparison(standings, measures(questions, runs[0]), measures(questions, runs[1]))


def saved_questions(marks: Iterable[Mark]) -> list[Question]:
    """Every query with evidence marked right, each once, with the documents that evidence stands in."""
    relevant: dict[str, dict[str, None]] = {}
    for mark in marks:
        if mark.verdict is Relevance.RIGHT:
            relevant.setdefault(mark.query, {})[mark.document] = None
    return [Question(str(n), query, tuple(names)) for n, (query, names) in enumerate(relevant.items(), 1)]


def _documents(retriever: Retriever, query: str, options: RetrievalOptions, cancel: Cancel) -> list[str]:
    try:
        for event in retriever.run(query, options, cancel=cancel):
            if isinstance(event, Retrieved):
                return ranked_documents(event.retrieval.candidates, "reranked")
    except RagError:
        return []
    return []


def _first(question: Question, found: Sequence[str]) -> int | None:
    return next((rank for rank, name in enumerate(found, 1) if name in question.relevant), None)
