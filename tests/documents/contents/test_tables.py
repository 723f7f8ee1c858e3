"""The tables of a document, in one piece again where chunks cut them."""

from __future__ import annotations

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.contents.summary import contents_of
from rag.documents.contents.tables import MOST_ROWS, tables_of
from rag.types import Chunk

ROWS = [(f"P-{number}", str(10 * number)) for number in range(1, 41)]
TEXT = "# Parts\n\nAll parts.\n\n| Part | Load (kg) |\n| --- | ---: |\n" + "".join(
    f"| `{a}` | **{b}** |\n" for a, b in ROWS
)


def cut(text: str, most: int) -> list[Chunk]:
    limits = ChunkLimits(max_tokens=most, overlap_tokens=0)
    return chunk(text, count_tokens=lambda texts: [len(t.split()) for t in texts], limits=limits)


def test_a_table_that_was_cut_is_one_again_and_each_row_stands_where_it_says() -> None:
    chunks = cut(TEXT, 40)
    assert len(chunks) > 3
    (table,) = tables_of(chunks)
    assert table.columns == ("Part", "Load (kg)") and table.heading_path == ("Parts",)
    assert [row.cells for row in table.rows] == ROWS
    for row in table.rows:
        assert row.cells[0] in TEXT[row.start : row.end]
        assert chunks[row.chunk].start <= row.start < row.end <= chunks[row.chunk].end


def test_two_tables_of_one_head_are_two() -> None:
    table = "| A | B |\n|---|---|\n| 1 | 2 |\n"
    assert len(tables_of(cut(f"# T\n\n{table}\ntext\n\n{table}", 200))) == 2


def test_a_row_has_a_cell_for_each_column() -> None:
    (table,) = tables_of(cut("| A | B | C |\n|---|---|---|\n| 1 |\n| 1 | 2 | 3 | 4 |\n", 200))
    assert [row.cells for row in table.rows] == [("1", "", ""), ("1", "2", "3")]


def test_html_and_merged_cells_are_read() -> None:
    rows = "<tr><th>City</th><th>Year</th></tr><tr><td rowspan=2>Bonn</td><td>1</td></tr><tr><td>2</td></tr>"
    (table,) = tables_of(cut(f"<table>{rows}</table>\n", 200))
    assert table.columns == ("City", "Year") and [r.cells for r in table.rows] == [("Bonn", "1"), ("Bonn", "2")]


def test_code_that_looks_like_a_table_is_none() -> None:
    assert tables_of(cut("```\n| A | B |\n|---|---|\n| 1 | 2 |\n```\n", 200)) == []


def test_a_huge_table_is_read_so_far() -> None:
    text = "| A |\n|---|\n" + "| x |\n" * 30_000
    tables = tables_of([Chunk(0, 0, len(text), (), text, 1)])
    assert sum(len(table.rows) for table in tables) == MOST_ROWS


def test_the_summary_holds_headings_tables_and_links() -> None:
    found = contents_of(
        "a.md", cut(f"{TEXT}\n## More\n\nSee [b](b.md#x), [web](https://example.org) and `[c](c.md)`.\n", 200)
    )
    assert found.headings == ("Parts", "More") and found.links == ("b.md#x",)
    assert [(t.document, t.columns, t.rows) for t in found.tables] == [("a.md", ("Part", "Load (kg)"), 40)]
