"""What opens a piece of a table or fence that had to be cut: `Chunk.lead`, its bounds, and how it is read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.chunking.openings import LONGEST_LEAD, Opening, Openings
from rag.types import Chunk
from tests.support.markdown_texts import count_tokens

HEAD = "| Station | Load (kg) | Interval (months) |\n|---|---:|---:|"
HTML_HEAD = "<table>\n<tr><th>Station</th><th>Load (kg)</th></tr>"


def chunks_of(text: str, *, limit: int, overlap: int = 0) -> list[Chunk]:
    return chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=limit, overlap_tokens=overlap))


def row(n: int) -> str:
    return f"| S{n} | {100 + n} | {n} |"


@pytest.mark.parametrize("overlap", [0, 20])
def test_every_piece_of_a_table_has_its_head(overlap: int) -> None:
    table = "\n".join([HEAD, *(row(n) for n in range(40))])
    found = chunks_of(f"# T\n\nIntroduced.\n\n{table}\n\nAfter it.", limit=80, overlap=overlap)
    assert len(found) > 4 and found[0].lead == ""
    assert {each.lead for each in found[1:] if each.text.startswith("|")} == {HEAD}
    for n in range(40):
        assert any(f"S{n}: Load {100 + n} kg; Interval {n} months" in each.embedded_text for each in found)


def test_every_piece_of_an_html_table_has_its_head_and_the_cells_that_reach_into_it() -> None:
    rows = [
        f"<tr><td rowspan=4>Group{n}</td><td>{n}</td></tr>" + "".join(f"\n<tr><td>{n}.{m}</td></tr>" for m in (1, 2, 3))
        for n in range(9)
    ]
    found = chunks_of("\n".join([HTML_HEAD, *rows, "</table>"]), limit=100)
    assert len(found) > 2 and all(each.lead.startswith(HTML_HEAD) for each in found[1:])
    for n in range(9):
        for m in (1, 2, 3):
            assert any(re.search(rf"Group{n}\b.*\b{n}\.{m}\b", each.embedded_text) for each in found)


def test_every_piece_of_a_fence_has_its_first_line() -> None:
    code = "\n".join(f"call({n})" for n in range(60))
    found = chunks_of(f"```python title=x\n{code}\n```", limit=70)
    assert len(found) > 2 and {each.lead for each in found[1:]} == {"```python title=x"}
    assert all(f"call({n})" in "".join(each.text for each in found) for n in range(60))


def test_a_piece_in_the_middle_of_a_row_has_no_head() -> None:
    words = " ".join(f"w{n}" for n in range(60))
    found = chunks_of(f"{HEAD}\n| S1 | {words} | 3 |\n{row(2)}", limit=30)
    assert all(each.lead in ("", HEAD) and (not each.lead or each.text.startswith("|")) for each in found)
    assert all(each.tokens <= 30 for each in found)


def test_a_head_that_is_too_long_is_left_out() -> None:
    wide = "|".join(f"column number {n}" for n in range(300))
    table = "\n".join([f"|{wide}|", "|" + "-|" * 300, *(row(n) for n in range(40))])
    assert all(each.lead == "" for each in chunks_of(table, limit=60))
    assert len(wide) > LONGEST_LEAD


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12), st.integers(0, 45))
def test_openings_are_those_around_a_place(spans: list[tuple[int, int]], at: int) -> None:
    nested = [
        (a, b) for n, (a, b) in enumerate(spans) if a < b and all(_nests((a, b), s) for s in spans[:n] if s[0] < s[1])
    ]
    openings = [Opening(a, b, f"{a}-{b}") for a, b in dict.fromkeys(nested)]
    around = sorted((o for o in openings if o.start <= at < o.end), key=lambda o: (o.start, -o.end))
    assert Openings(openings).lead(at) == "\n".join(o.lead for o in around[-8:])


def _nests(one: tuple[int, int], other: tuple[int, int]) -> bool:
    apart = one[1] <= other[0] or other[1] <= one[0]
    inside = (one[0] <= other[0] and other[1] <= one[1]) or (other[0] <= one[0] and one[1] <= other[1])
    return apart or inside
