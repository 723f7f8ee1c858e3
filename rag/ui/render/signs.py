"""Marks of our own behind sentences of an answer, put into its Markdown so that they survive its rendering. Pure.

A place in the answer is not a place in the Markdown that is made safe to show. So a character nobody writes is set
there first, and becomes a link of ours when the rest has been made safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.text.markdown_spans import Kind, Piece, pieces

SIGN = "\ue0f1"
"""From the private use area; a model's own are replaced."""
OPENING, CLOSING = (Kind.LINK_START, Kind.IMAGE_START), (Kind.LINK_END, Kind.IMAGE_END)


def marked(source: str, ends: Sequence[int]) -> str:
    """The Markdown with a sign behind each of these places, moved out of code and links they lie in."""
    clean = source.replace(SIGN, "\ufffd")
    if not ends:
        return clean
    parts: list[str] = []
    last = 0
    for place in _outside(pieces(clean), sorted(ends), len(clean)):
        sign = f"\n\n{SIGN}" if clean[:place].endswith("|") else SIGN  # behind a table's last row it would be a cell
        parts += [clean[last:place], sign]
        last = place
    return "".join(parts) + clean[last:]


def linked(shown: str, address: str, words: str) -> str:
    """The Markdown with links to `address` for the signs; `words` are ours and hold no Markdown."""
    return shown.replace(SIGN, f" [{words}]({address})")


def _outside(inline: Sequence[Piece], ends: Sequence[int], length: int) -> Iterator[int]:
    """For each of the ends, which rise, the first place from there on where a link may stand."""
    depth = at = 0
    for end in ends:
        while at < len(inline):
            opens, closes = inline[at].kind in OPENING, inline[at].kind in CLOSING
            if inline[at].end >= end and depth + opens - closes == 0:
                break
            depth += opens - closes
            at += 1
        piece = inline[at] if at < len(inline) else None
        if piece is None:
            yield length
        else:
            yield end if piece.kind is Kind.TEXT else max(end, piece.end)
