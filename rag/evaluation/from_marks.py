"""Marks as a labelled set that `labelled` reads and `evaluation` measures. Pure, but for writing the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rag.errors import RagError
from rag.evidence.calibration import LEAST_MARKS, learn
from rag.evidence.marks import Judge, Mark, Relevance
from rag.messages import Reason, reason

CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"
ID_DIGITS = 16

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Rows of the two files.

    A question whose marks are all wrong names no relevant passage, and is not called unanswerable: a mark says that
    one passage is wrong, not that none is right.
    """

    corpus: tuple[Row, ...]
    queries: tuple[Row, ...]
    contested: int
    """Judgements left out because people contradict each other."""


def labelled_set(marks: Iterable[Mark]) -> LabelledSet:
    """Every marked passage once, and every query with what was marked for it.

    Of one person's marks of a passage for a query, made with several rerankers, the last one counts.
    """
    last: dict[tuple[str, str], dict[str, Mark]] = {}
    for mark in marks:
        last.setdefault((mark.query, mark.passage), {})[mark.owner] = mark
    agreed = [next(iter(by.values())) for by in last.values() if len({m.verdict for m in by.values()}) == 1]
    passages = {mark.passage: mark for mark in agreed}
    queries: dict[str, list[Mark]] = {}
    for mark in agreed:
        queries.setdefault(mark.query, []).append(mark)
    return LabelledSet(
        tuple(_passage(mark) for mark in passages.values()),
        tuple(_query(query, marked) for query, marked in queries.items()),
        len(last) - len(agreed),
    )


def summary(marks: Sequence[Mark]) -> list[Reason]:
    """A line for each person and reranker: how many marks, and whether they make a calibration."""
    by: dict[tuple[str, Judge], list[Mark]] = {}
    for mark in marks:
        by.setdefault((mark.owner, mark.judge), []).append(mark)
    return [_line(judge, some) for (_, judge), some in by.items()]


def _line(judge: Judge, marks: Sequence[Mark]) -> Reason:
    points = tuple(sorted((m.log_odds, m.verdict is Relevance.RIGHT) for m in marks if m.log_odds is not None))
    learnt = learn(points)
    state = reason(f"marks.state_{learnt.method}") if learnt else reason("marks.state_none", least=LEAST_MARKS)
    right = sum(mark.verdict is Relevance.RIGHT for mark in marks)
    name = f"{judge.name}@{judge.revision[:12]}, {judge.dtype}"
    return reason("marks.counted", reranker=name, count=len(marks), right=right, wrong=len(marks) - right, state=state)


def write_set(found: LabelledSet, folder: Path) -> tuple[Path, Path]:
    """Write both files into `folder`, made when missing. Raises RagError; a file that is there is left alone."""
    paths = folder / CORPUS, folder / QUERIES
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, rows in zip(paths, (found.corpus, found.queries), strict=True):
            with path.open("x", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except FileExistsError as e:
        raise RagError(reason("marks.there_already", path=str(e.filename))) from e
    except OSError as e:
        raise RagError(reason("marks.unwritable", path=str(folder), detail=e.strerror or str(e))) from e
    return paths


def _passage(mark: Mark) -> Row:
    return {"id": _row_id(mark), "source": mark.document, "title": mark.title, "text": mark.text}


def _query(query: str, marked: Sequence[Mark]) -> Row:
    def ids(verdict: Relevance) -> list[str]:
        return [_row_id(mark) for mark in marked if mark.verdict is verdict]

    return {
        "qid": sha256(query.encode()).hexdigest()[:ID_DIGITS],
        "query": query,
        "relevant": ids(Relevance.RIGHT),
        "irrelevant": ids(Relevance.WRONG),
    }


def _row_id(mark: Mark) -> str:
    return mark.passage[:ID_DIGITS]
