"""Code as a block of its own, and what its first line says of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token as Parsed

from .drafts import BlockDraft
from .lines import Mapped, Piece, SourceLine, found_again, joined, on_one_line
from .reading_text import BlockKind
from .writer import Writer

_LANGUAGE = re.compile(
    r"\s*(?:\{(?:code(?:-block|-cell)?|sourcecode|literalinclude)\}[ \t]*)?(?:\{[ \t]*\.?([\w+#-]+)|([\w+#./-]+))"
)
_TITLE = re.compile(r"(?:title|filename|file)=(?:\"([^\"]*)\"|'([^']*)'|(\S+))|\[([^\]]+)\]$")


def fenced(writer: Writer, token: Parsed, lines: Sequence[SourceLine]) -> None:
    """Code between two fences, in a cell on one line."""
    mapped = joined(body_of(token, lines))
    pieces = mapped.between(0, len(mapped.text.rstrip()))
    if writer.cell is not None:
        writer.separate("")
        inline(writer, pieces)
    elif mapped.text.strip():
        language = _language(token.info)
        _write(writer, pieces, language, *_fences(token, lines, language))


def title_of(token: Parsed, lines: Sequence[SourceLine], *, grouped: bool) -> SourceLine | None:
    """The title that the line which opens code gives it; in a group of codes its second word is one."""
    second = token.info.strip().partition(" ")[2].strip()
    if grouped and second and not set(second) & set("={[\"'"):
        return of_info(lines[0], second)
    title = _TITLE.search(token.info)
    return of_info(lines[0], next(group for group in title.groups() if group)) if title else None


def body_of(token: Parsed, lines: Sequence[SourceLine]) -> list[SourceLine]:
    """The lines between two fences."""
    return found_again(token.content.rstrip("\n"), lines[1:])


def _write(writer: Writer, pieces: list[Piece], language: str, opener: Piece, closer: Piece) -> None:
    if language == "math":
        writer.write_whole(
            BlockDraft(BlockKind.FORMULA, [opener, Piece("\n"), *pieces, Piece("\n"), closer], language=language)
        )
        return
    draft = BlockDraft(BlockKind.CODE, pieces, language=language)
    draft.before, draft.behind = (opener, Piece("\n")), (Piece("\n"), closer)
    writer.write_whole(draft)


def unfenced(writer: Writer, mapped: Mapped, language: str = "") -> None:
    """Code that no fence stands around: indented, or an element of HTML."""
    text = mapped.text.rstrip()
    if not text.strip():
        return
    start = len(text) - len(text.lstrip("\n"))
    ticks = "`" * (max((len(run) for run in re.findall("`{3,}", text)), default=2) + 1)
    draft = BlockDraft(BlockKind.CODE, mapped.between(start, len(text)), language=language)
    draft.before, draft.behind = (Piece(f"{ticks}{language}\n"),), (Piece(f"\n{ticks}"),)
    writer.write_whole(draft)


def inline(writer: Writer, pieces: list[Piece]) -> None:
    """Code within words, on one line."""
    flat = on_one_line(pieces)
    text = "".join(piece.text for piece in flat)
    if text.strip():
        mark = "``" if "`" in text else "`"
        pad = [Piece(" ")] if mark == "``" else []
        writer.add([Piece(mark), *pad, *flat, *pad, Piece(mark)])


def _language(info: str) -> str:
    """The language that the line which opens code says."""
    told = _LANGUAGE.match(info)
    return (told[1] or told[2] or "").lower() if told else ""


def of_info(line: SourceLine, words: str) -> SourceLine:
    """Words of the line that opens code, where they stand on it."""
    at = line.text.find(words) if words and line.start >= 0 else -1
    return SourceLine(words, line.start + at if at >= 0 else -1)


def _fences(token: Parsed, lines: Sequence[SourceLine], language: str) -> tuple[Piece, Piece]:
    """The lines around code, from where they stand in the source."""
    opener = f"{token.markup}{language}"
    first, last = lines[0], lines[-1]
    at = first.text.find(token.markup)
    begun = first.start + at if first.start >= 0 and first.text.startswith(opener, at) else -1
    closes = (
        len(lines) > 1 and last.text.rstrip().endswith(token.markup) and not last.text.strip(f" \t>{token.markup[0]}")
    )
    end = last.start + last.text.find(token.markup) if closes and last.start >= 0 else -1
    return Piece(opener, begun), Piece(token.markup, end)
