"""Markdown to cut and to show: hypothesis strategies for well-formed documents, hostile characters, anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st

WORDS = st.sampled_from(["a", "Bc.", "d,", "9", "`e`", "*f*", "好。", "文", "？", "[g](h)", "é", "👩\u200d👧"])
LINE = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
PARAGRAPH = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
HEADING = st.builds(lambda level, words: "#" * level + " " + words, st.integers(1, 6), LINE)
FENCES = st.lists(LINE, min_size=1, max_size=5).map(lambda lines: "```\n" + "\n".join(lines) + "\n# x\n```")
LISTS = st.lists(LINE, min_size=1, max_size=5).map(lambda lines: "\n".join("- " + line for line in lines))
TABLES = st.lists(LINE, min_size=1, max_size=4).map(lambda rows: "|a|\n|-|\n" + "\n".join(f"|{row}|" for row in rows))
BLOCK = st.one_of(
    PARAGRAPH,
    FENCES,
    LISTS,
    TABLES,
    HEADING,
    st.builds(lambda words, mark: f"{words}\n{mark * 3}", LINE, st.sampled_from("=-")),
    st.lists(LINE, min_size=1, max_size=4).map(
        lambda lines: "\n".join(f"{n}. {x}\n   - y" for n, x in enumerate(lines))
    ),
    PARAGRAPH.map(lambda text: "> " + text),
    st.sampled_from(["<div>\nx\n\n</div>", "[r]: /u", "***", "    code\n\n    more", "<!-- c -->"]),
)
DOCUMENT = st.builds(
    lambda blocks, end, front: front + (end * 2).join(block.replace("\n", end) for block in blocks),
    st.lists(BLOCK, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "", "\ufeff", "\n \n"]),
)
NASTY = st.text(
    st.sampled_from("#`~-=*_>|[]()!<&:\\ \t\n\r\x00\x0b\x0c\x1c\u2028\u3000\ufeffab1。好é\u0301\u200d👧"), max_size=200
)
ANY = st.one_of(DOCUMENT, NASTY, st.text(max_size=100))


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Words, and every other visible character: a count that joining texts never lowers."""
    return [len(re.findall(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]", text)) for text in texts]
