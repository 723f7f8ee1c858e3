"""The tree of blocks: what the parser gives, and how little of it is held while it is made."""

from __future__ import annotations

import tracemalloc

import pytest
from markdown_it import MarkdownIt

from rag.documents.chunking.syntax import DEEPEST_NESTING, Block, parse
from rag.text.tables import with_tables

DOCUMENT = """# Guide to [this]

Text.

- a
  - b

    > ## quoted
    >
    > text
- c

| a | b |
|---|---|
| 1 | 2 |

```sh
# no heading
```

Setext *with* marks
===

1. one

   two

<div>

[this]: https://example.test "T"
"""


def tree(text: str) -> list[Block]:
    return parse(text, range(text.count("\n") + 2))


def test_blocks_are_those_of_all_tokens_at_once() -> None:
    parser = with_tables(MarkdownIt("commonmark", {"maxNesting": DEEPEST_NESTING})).disable("inline")
    tokens = [token for token in parser.parse(DOCUMENT) if token.nesting >= 0 and token.type != "inline"]

    def flat(blocks: list[Block]) -> list[str]:
        return [name for block in blocks for name in (block.type, *flat(block.children))]

    assert flat(tree(DOCUMENT)) == [token.type.removesuffix("_open") for token in tokens]


def test_a_heading_has_its_text_with_links_that_are_defined_far_below() -> None:
    assert [block.title for block in tree(DOCUMENT) if block.level] == ["Guide to this", "Setext with marks"]


@pytest.mark.parametrize("title", ["Guide", "a_b_c", "*a*", "`a`", "a &amp; b", "<b>a</b>", r"a\*", "a  b", "![a](b)"])
def test_a_heading_without_marks_is_read_as_any_other(title: str) -> None:
    (block,) = tree(f"# {title}\n")
    (marked,) = tree(f"# {title} <i>\n")
    assert block.title == marked.title


@pytest.mark.parametrize("piece", ["# a\n", "a\n\n", "---\n", "- a\n\nb\n\n"])
def test_a_document_of_many_blocks_is_held_as_its_blocks(piece: str) -> None:
    count = 5_000
    tree(piece)
    tracemalloc.start()
    try:
        blocks = tree(piece * count)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(blocks) >= count
    assert peak < held + 600 * count, "the tokens of all blocks were there at once"
