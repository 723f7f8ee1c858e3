"""Questions that documents answer, made of their headings to begin a conversation with. Pure, without a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

from rag.types import Chunk, Document

from .heading_questions import deed_or_question, question_of


def of_document(title: str, chunks: Callable[[], Sequence[Chunk]]) -> str:
    """The question of the title, where it tells how something is done, or asks; else of the first section that does;
    else of the first that says what it is about.

    "" where none does. The `chunks` are read only where the title is not enough: it names what a section leaves out.
    """
    if question := question_of(title):
        return question
    paths = dict.fromkeys(chunk.heading_path for chunk in chunks() if len(chunk.heading_path) > 1)
    found = [(path[-1], question) for path in paths if (question := question_of(path[-1], path[0]))]
    best = next((question for heading, question in found if deed_or_question(heading)), "")
    return best or next((question for _, question in found), "")


def spread(documents: Sequence[Document], language: str) -> list[Document]:
    """The documents by turns of their folders, in each those in `language` first, then the newest."""
    folders: defaultdict[str, list[Document]] = defaultdict(list)
    for document in sorted(documents, key=lambda d: (d.language != language, -d.ingested_at, d.name)):
        folders[document.name.rpartition("/")[0]].append(document)
    return [document for document in chain.from_iterable(zip_longest(*folders.values())) if document is not None]
