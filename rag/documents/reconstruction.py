"""Chunks back to the text they were cut from, so that a document can be read without its file. Pure.

Chunks hold all of a document that is not blank, with exact offsets; only how the blanks between them were made is not
known. What is put there is as long, and of the kind that keeps Markdown the way it was: line ends, unless a table goes
on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Stretch:
    """An unbroken piece of a document: `text[o - start]` is the character at offset `o` of the document."""

    start: int
    text: str
    chunks: tuple[Chunk, ...]
    """Chunks it was put together from, in order."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def stretches(chunks: Sequence[Chunk]) -> list[Stretch]:
    """The document as far as `chunks` of one revision of it go: one stretch for all of it, another after every gap.

    `stretch.text[c.start - stretch.start : c.end - stretch.start] == c.text` for every chunk of a stretch.
    """
    ordered = sorted(chunks, key=lambda c: (c.index, c.start))
    line_end = "\r\n" if any("\r\n" in c.text for c in ordered) else "\n"
    runs: list[list[Chunk]] = []
    for chunk in ordered:
        if runs and (chunk.index <= runs[-1][-1].index + 1 or chunk.start <= runs[-1][-1].end):
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
    return [_joined(run, line_end) for run in runs]


def own_spans(chunks: Sequence[Chunk]) -> list[tuple[int, int]]:
    """For each chunk, in order, the characters that are its own: not what it repeats of the one before."""
    spans: list[tuple[int, int]] = []
    reached = 0
    for chunk in chunks:
        spans.append((min(max(chunk.start, reached), chunk.end), chunk.end))
        reached = max(reached, chunk.end)
    return spans


def parts(chunks: Sequence[Chunk], *, most: int) -> list[tuple[Chunk, ...]]:
    """Chunks in runs of at most `most` characters, for showing a long document in parts.

    A part ends where a section ends if there is such a place, so that no block is torn.
    """
    sections = [list(own) for _, own in groupby(chunks, key=lambda c: c.heading_path)]
    found: list[list[Chunk]] = []
    for section in sections:
        if found and section[-1].end - found[-1][0].start <= most:
            found[-1] += section
            continue
        found.append([])
        for chunk in section:
            if found[-1] and chunk.end - found[-1][0].start > most:
                found.append([])
            found[-1].append(chunk)
    return [tuple(part) for part in found]


def stands_in(chunk: Chunk, chunks: Sequence[Chunk]) -> bool:
    """True if a chunk's text stands at its offsets in a document, however that is cut into `chunks` by now.

    What lies between two chunks is blank, so nothing but blanks may be missing.
    """
    found: dict[int, str] = {}
    for other in chunks:
        for at in range(max(chunk.start, other.start), min(chunk.end, other.end)):
            found[at - chunk.start] = other.text[at - other.start]
    return all(found.get(at, char if char.isspace() else "") == char for at, char in enumerate(chunk.text))


def _joined(run: Sequence[Chunk], line_end: str) -> Stretch:
    pieces: list[str] = []
    at = run[0].start
    for chunk in run:
        if chunk.start > at:
            pieces.append(_blank(pieces[-1], chunk.text, chunk.start - at, line_end))
            at = chunk.start
        if chunk.end > at:
            pieces.append(chunk.text[at - chunk.start :])
            at = chunk.end
    return Stretch(run[0].start, "".join(pieces), tuple(run))


def _blank(before: str, after: str, length: int, line_end: str) -> str:
    """`length` blanks. Inside a table they are one line end: a blank line would end it."""
    rows = before.splitlines()[-1:] + after.splitlines()[:1]
    if len(rows) == 2 and all(row.strip().startswith("|") for row in rows) and length >= len(line_end):
        return " " * (length - len(line_end)) + line_end
    return (line_end * length)[:length] if line_end == "\n" else _crlf(length)


def _crlf(length: int) -> str:
    return "\n" * (length % 2) + "\r\n" * (length // 2)
