"""Documents that the links of a passage lead to. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from rag.text.markdown_spans import SpanKind, is_relative, pieces
from rag.text.sentence_ends import sentence_ends
from rag.types import StoredChunk

REACH = 400
"""Characters around a link in which its sentence begins and ends."""
_LINK = re.compile(r"\[[^\[\]]*\]\([^()\s]*\)")


@dataclass(frozen=True, slots=True)
class Lead:
    """A link to a document of the scope: its name, the link's label, and the sentence around it."""

    document: str
    label: str
    sentence: str = field(default="", compare=False)
    """Without its links."""
    section: str = field(default="", compare=False)
    """Heading it leads to, as it stands in the link; "" for the beginning."""


def leads(stored: StoredChunk, names: Sequence[str]) -> Iterator[Lead]:
    """Links of a passage that lead to one of the documents `names`, each document once, itself excepted.

    A target is looked for beside the passage's document, then as a file name that only one document has: generators
    of documentation sites find their pages by name alone.
    """
    places = LinkPlaces(names)
    seen = {stored.document}
    text = stored.chunk.text
    for piece in pieces(text):
        if piece.kind is not SpanKind.LINK_END or not is_relative(piece.target):
            continue
        document = places.of(piece.target, stored.document)
        if document and document not in seen:
            seen.add(document)
            label = " ".join(text[piece.label : piece.start].split())
            sentence = without_links(_sentence(text, piece.label, piece.end))
            yield Lead(document, label, sentence, piece.target.partition("#")[2])


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around `text[start:end]`, on its line, so far as it is within reach."""
    first = max(text.rfind("\n", 0, start) + 1, start - REACH)
    line = text.find("\n", end, end + REACH)
    last = min(len(text), end + REACH) if line < 0 else line
    ends = sentence_ends(text, first, last)
    begun = max((at for at in ends if at <= start), default=first)
    return text[begun : min((at for at in ends if at >= end), default=last)].rstrip(" .!?。！？")


def without_links(text: str) -> str:
    """The text less its links: what a label says is told elsewhere."""
    return _LINK.sub(" ", text)


class LinkPlaces:
    """The documents of these names, as links find them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._known = set(names)
        self._by_file = _by_file(names)

    def of(self, target: str, document: str) -> str:
        """The document that a link in `document` leads to; "" for none of these."""
        path = unquote(target.partition("#")[0])
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(document), path))
        for name in (beside, f"{beside}.md"):
            if name in self._known:
                return name
        file = posixpath.basename(path)
        return self._by_file.get(file) or self._by_file.get(f"{file}.md") or ""


def _by_file(names: Sequence[str]) -> dict[str, str]:
    """File name -> document, where only one has it."""
    found: dict[str, str] = {}
    for name in names:
        file = posixpath.basename(name)
        found[file] = "" if file in found else name
    return found
