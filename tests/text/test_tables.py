"""Tables the Markdown parser reads, and those it leaves."""

from __future__ import annotations

from markdown_it import MarkdownIt

from rag.text.tables import with_tables


def cells(text: str) -> int:
    parser = with_tables(MarkdownIt("commonmark"))
    return sum(token.type in ("td_open", "th_open") for token in parser.parse(text))


def test_a_table_is_read() -> None:
    assert cells("| a | b |\n| - | - |\n| 1 |\n| 1 | 2 |\n") == 6
    assert cells("> | a | b |\n> | - | - |\n> | 1 | 2 |\n") == 4


def test_a_large_table_is_read_whole() -> None:
    rows = "".join("| x " * 20 + "|\n" for _ in range(500))
    assert cells("| a " * 20 + "|\n" + "|---" * 20 + "|\n" + rows) == 20 * 501


def test_rows_much_shorter_than_their_head_make_no_table() -> None:
    assert cells("|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "a\n" * 2000) == 0


def test_the_text_of_such_a_table_stays() -> None:
    parser = with_tables(MarkdownIt("commonmark"))
    text = "|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "end\n" * 2000
    assert parser.render(text).count("end") == 2000
