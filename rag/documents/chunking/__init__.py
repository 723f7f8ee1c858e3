"""Markdown text to chunks. Pure: the token counter is passed in; knows no files, models or database.

outline       the text's sections, each a list of blocks with character offsets
source_lines  the lines of the text, by number and by offset
dialects      the text as CommonMark: what MDX, MkDocs, GitBook and others add, taken out or turned into it
dialect_lines the forms of such lines
syntax        the Markdown parser: text to a tree of blocks by line numbers
openings      what opened the place where a piece begins: `Chunk.lead`
tables        rows of tables, and the head of each
fences        data in front of the text: is it there, and where does it end
entries       what it holds, entry by entry, in bounded work
front_matter  which title, tags and date it gives
cutting       a block that is too large, cut at its own inner boundaries
loads         tokens of pieces, as they would be embedded
units         parts that stay whole, and drafts of chunks made of them
packing       blocks to chunks within the limits, overlapping where a long section had to be cut

What one chunk is:

- One section (a heading and what stands below it until the next heading) is one chunk, however small: a short answer
  below its question is the best evidence there is, and mixing neighbours would blur the heading path.
- A heading with nothing below it says nothing alone: it goes with what follows.
- A section above the limit is cut between blocks; a fence, table or list only when it is too large by itself, and
  then between its items, rows, lines or sentences, and at last between characters.
- A piece of a table, fence, tab or admonition that was cut has in its `lead` the lines that open it. A formula is one
  with its sentence.
- Front matter is data about the document, not text of it: it gives the title and is in no chunk. All other text that
  a reader sees is in a chunk. What nobody sees (comments, imports, hidden elements, link definitions) goes with what
  stands beside it, and is in no chunk where it would fill one alone.
"""

from __future__ import annotations

from rag.types import Chunk

from .fences import front
from .front_matter import FrontMatter, front_matter
from .limits import CHUNKER_VERSION, ChunkLimits, TokenCounter
from .outline import outline
from .packing import pack

__all__ = ["CHUNKER_VERSION", "ChunkLimits", "FrontMatter", "TokenCounter", "chunk", "described", "stated"]

TITLE_WITHIN = 65_536
"""Characters at the start of a document that are searched for its title."""


def chunk(text: str, *, count_tokens: TokenCounter, limits: ChunkLimits) -> list[Chunk]:
    """Chunks of `text` in order; `text[c.start:c.end] == c.text` for each. Equal text gives equal chunks.

    `count_tokens` is called with thousands of texts at a time and must count without special tokens. A chunk's
    `tokens` are those of its `embedded_text`, heading path included; only a single character can be above the limit.
    """
    return pack(text, outline(text), count_tokens=count_tokens, limits=limits)


def described(text: str, *, fallback: str) -> tuple[str, FrontMatter]:
    """The title of a document, and the tags and date of its front matter.

    The title is the front matter's, or else the first of the highest headings, or else `fallback`.
    """
    found = outline(text[:TITLE_WITHIN])
    return found.title or fallback, found.front_matter


def stated(text: str) -> FrontMatter:
    """What the front matter says, in little time: nothing behind it is read."""
    return front_matter(front(text).values)
