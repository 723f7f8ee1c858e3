"""Labelled questions and the documents they are about, read from files with one JSON object per line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import RagError
from rag.messages import reason
from rag.text.well_formed import encodable
from rag.types import Source

MB = 1_000_000
LONGEST_LINE = 20 * MB
"""As long as a document may be."""
MOST_BYTES = 1000 * MB


@dataclass(frozen=True, slots=True)
class CorpusDocument:
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
    irrelevant: tuple[str, ...] = ()
    """Ids of documents judged not to be relevant; where a set has none, every other document counts as that."""
    kind: str = ""
    """What sort of question it is, for sets that tell several apart."""
    answerable: bool = True
    """False where no document answers it."""


def read_corpus(path: Path) -> list[CorpusDocument]:
    """Rows `id, text` and perhaps `title`. Raises RagError naming file and line."""
    rows = [
        CorpusDocument(line.name("id"), line.text("title"), line.text("text", needed=True)) for line in _lines(path)
    ]
    _check_unique(path, [row.id for row in rows])
    return rows


def read_questions(path: Path, *, relevant: str | None = "relevant") -> list[Question]:
    """Rows `qid, query`, the list of relevant ids in the field `relevant`; perhaps `irrelevant`, `answer_any`,
    `kind` and `answerable`.

    With `relevant` None the rows carry no labels.

    Raises RagError naming file and line.
    """
    questions = [
        Question(
            line.name("qid"),
            line.text("query", needed=True),
            line.texts(relevant, needed=True) if relevant else (),
            line.texts("answer_any"),
            line.texts("irrelevant") if relevant else (),
            line.text("kind"),
            line.fields.get("answerable") is not False,
        )
        for line in _lines(path)
    ]
    _check_unique(path, [question.id for question in questions])
    return questions


def check_labels(corpus: Sequence[CorpusDocument], questions: Sequence[Question], path: Path) -> None:
    """Raises RagError when a question names a document the corpus does not have: it could never be found."""
    known = {row.id for row in corpus}
    for question in questions:
        for document in (*question.relevant, *question.irrelevant):
            if document not in known:
                raise RagError(
                    reason("evaluation.unknown_document", path=str(path), qid=question.id, document=document)
                )


@dataclass(frozen=True, slots=True)
class _Line:
    """The JSON object on one line of a file."""

    path: Path
    number: int
    fields: Mapping[str, Any]

    def name(self, field: str) -> str:
        """A text that is not blank."""
        value = self.text(field, needed=True)
        if not value.strip():
            raise self.wrong("bad_field", field=field)
        return value

    def text(self, field: str, *, needed: bool = False) -> str:
        """A text, "" where it is not there and not needed."""
        value = self.fields.get(field, None if needed else "")
        if not isinstance(value, str):
            raise self.wrong("bad_field", field=field)
        return encodable(value)

    def texts(self, field: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of texts, empty where it is not there and not needed."""
        values = self.fields.get(field, None if needed else [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong("bad_list", field=field)
        return tuple(map(encodable, values))

    def wrong(self, code: str, **values: str) -> RagError:
        """The error that names this line."""
        return RagError(reason(f"evaluation.{code}", path=str(self.path), line=self.number, **values))


def _lines(path: Path) -> list[_Line]:
    try:
        found = [_line(path, number, line) for number, line in enumerate(_bounded(path), 1) if line.strip()]
    except (OSError, UnicodeDecodeError) as e:
        raise RagError(reason("evaluation.unreadable", path=str(path), error=str(e))) from e
    if not found:
        raise RagError(reason("evaluation.empty", path=str(path)))
    return found


def _bounded(path: Path) -> Iterator[str]:
    """The lines of a file, which may be a pipe. Raises RagError for one that is too long, or has too many."""
    size = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            size += len(line)
            if len(line) > LONGEST_LINE or size > MOST_BYTES:
                limits = {"line": LONGEST_LINE // MB, "limit": MOST_BYTES // MB}
                raise RagError(reason("evaluation.too_large", path=str(path), **limits))
            yield line.decode("utf-8-sig" if size == len(line) else "utf-8")


def _line(path: Path, number: int, line: str) -> _Line:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise _Line(path, number, {}).wrong("not_json", error=str(e)) from e
    if not isinstance(value, dict):
        raise _Line(path, number, {}).wrong("not_an_object")
    return _Line(path, number, value)


def _check_unique(path: Path, ids: Sequence[str]) -> None:
    for twice, count in Counter(ids).items():
        if count > 1:
            raise RagError(reason("evaluation.twice", path=str(path), id=twice, count=count))
