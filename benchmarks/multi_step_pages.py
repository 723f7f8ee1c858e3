"""What is read of a folder of Markdown to make questions and their gold: titles, sentences with a link, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

_NOT_PAGES = ("SOURCE.md", "fragments/")
"""What is said of the folder, and pieces that other pages include."""
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_FIRST = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[([^\[\]]{2,60})\]\(([\w./-]+\.md)(?:#[^()\s]*)?\)")
_STOP = re.compile(r"(?<=[.!?])\s+|[。！？\n]")
_SAYS_NOTHING = re.compile(
    r"(?:(?:refer|according)\s+to|see|read|check|visit|and|or|the|about|with|in|at|of|,|请?参[阅考见]|查看|见|和|或|与)$",
    re.I,
)
_MARKS = re.compile(r"[*`>#|]|</?\w+[^<>]*>")
_MARKUP = re.compile(r"\*\*|`|__|</?(?:b|i|code|em|strong)>|\[|\]\([^)]*\)")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the folder. One without a title in front matter goes by its first heading, else by its file."""

    name: str
    title: str
    text: str
    titled: bool
    """False where there is neither."""

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.name).parent)

    @property
    def file(self) -> str:
        return PurePosixPath(self.name).name


def pages(folder: Path) -> list[Page]:
    """The pages, by name."""
    found = []
    for name, text in _read(folder):
        front, body = "", text
        if text.startswith("---\n") and text.count("---\n") > 1:
            _, front, body = text.split("---\n", 2)
        title = _TITLE.search(front) or _FIRST.search(_FENCE.sub("", body))
        found.append(Page(name, title[1].strip() if title else PurePosixPath(name).stem, body, title is not None))
    return found


def corpus_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The pages as `evaluate --corpus` reads them, front matter and all."""
    for name, text in _read(folder):
        yield {"id": name, "text": text}


def _read(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(_NOT_PAGES):
            yield name, path.read_text(encoding="utf-8")


def sentences_with_link(text: str) -> Iterator[tuple[str, str]]:
    """Sentences with one link to a page: their words without it, and its target.

    A sentence that says nothing without the link, or ends where the link stood, is left out.
    """
    for line in _FENCE.sub("", text).split("\n"):
        for sentence in _STOP.split(line):
            links = _LINK.findall(sentence)
            if len(links) != 1 or sentence.count("](") != 1 or "http" in sentence:
                continue
            bare = " ".join(_MARKS.sub(" ", _LINK.sub(" ", sentence)).split())
            bare = re.sub(r"\s+([,.;:，。；：])", r"\1", bare).strip(" -.:,;，：；()（）")
            if not _SAYS_NOTHING.search(bare):
                yield bare, links[0][1]


def tables_of(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Pipe tables whose rows are as long as their head."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not _RULE.fullmatch(line) or not at or "|" not in lines[at - 1]:
            continue
        rows = []
        for row in lines[at + 1 :]:
            if "|" not in row:
                break
            rows.append(_cells(row))
        head = _cells(lines[at - 1])
        if rows and len(head) > 1 and all(head) and all(len(row) == len(head) for row in rows):
            yield head, rows


def has_one_table(text: str) -> bool:
    """True if there is one table and it is a plain one, so that "the table" of the page can be no other."""
    return (
        len(list(tables_of(text))) == 1 == sum(map(bool, map(_RULE.fullmatch, text.split("\n")))) and "<t" not in text
    )


def _cells(line: str) -> list[str]:
    return [" ".join(_MARKUP.sub("", cell).split()) for cell in line.strip().strip("|").split("|")]


def columns_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Columns of plain numbers with their figures, by how they are counted."""
    for place in range(1, len(columns)):
        numbers = [row[place] for row in rows if _NUMBER.fullmatch(row[place])]
        if not len(numbers) == len(rows) > 2:
            continue
        total = sum(map(Decimal, numbers), Decimal())
        mean = total / len(numbers)
        figures = {"highest": max(numbers, key=Decimal), "lowest": min(numbers, key=Decimal), "sum": _plain(total)}
        if mean == mean.quantize(Decimal("0.01")):
            figures["mean"] = _plain(mean)
        yield columns[place], figures


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
