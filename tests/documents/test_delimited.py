"""CSV and TSV files as documents."""

from __future__ import annotations

import pytest

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.contents.tables import tables_of
from rag.documents.reconstruction import stretches
from rag.errors import DocumentRefused
from tests.support.converting import converted

PLAN = "Name,Seats\nFree,3\nTeam,25\n"
TABLE = "| Name | Seats |\n| --- | --- |\n| Free | 3 |\n| Team | 25 |"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(PLAN, TABLE, id="commas"),
        pytest.param(PLAN.replace(",", ";"), TABLE, id="semicolons"),
        pytest.param(PLAN.replace(",", "\t"), TABLE, id="tabs"),
        pytest.param(PLAN.replace(",", "|"), TABLE, id="bars"),
        pytest.param(PLAN.replace("\n", "\r\n"), TABLE, id="Windows"),
        pytest.param("\ufeffsep=;\r\n" + PLAN.replace(",", ";"), TABLE, id="as Excel says"),
        pytest.param("sep=#\n" + PLAN.replace(",", "#"), TABLE, id="a sign only Excel says"),
        pytest.param("Plans of 2026,\n" + PLAN, "Plans of 2026\n\n" + TABLE, id="a line above"),
        pytest.param("Name,,Seats,\nFree,,3,\n,,,\nTeam,,25,\n", TABLE, id="empty columns and rows"),
        pytest.param("a;b\n1,5;2,5\n", "| a | b |\n| --- | --- |\n| 1,5 | 2,5 |", id="decimal commas"),
        pytest.param("1,2\n3,4\n", "| A | B |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |", id="no names"),
        pytest.param("x,x\n1,2\n", "| x | x (2) |\n| --- | --- |\n| 1 | 2 |", id="one name twice"),
        pytest.param("a,b\n1\n1,2,3\n", "| a | b | C |\n| --- | --- | --- |\n| 1 |\n| 1 | 2 | 3 |", id="ragged"),
        pytest.param('a,b\n"1\n2",3\n', "| a | b |\n| --- | --- |\n| 1 2 | 3 |", id="a line end in quotes"),
        pytest.param('a,b\n"he said ""no""",3\n', '| a | b |\n| --- | --- |\n| he said "no" | 3 |', id="quotes"),
        pytest.param('a,b\n"5 inch,3\n', '| a | b |\n| --- | --- |\n| "5 inch | 3 |', id="a quote without end"),
        pytest.param(
            'a,b\n"x"y,3\n"p,q",4\n', "| a | b |\n| --- | --- |\n| xy | 3 |\n| p,q | 4 |", id="words behind a quote"
        ),
        pytest.param('a,b\n"x|y *z*","<b>"\n', "| a | b |\n| --- | --- |\n| x\\|y \\*z\\* | \\<b> |", id="markup"),
        pytest.param(
            "Word\nkeep it, always\nsend it\n", "| Word |\n| --- |\n| keep it, always |\n| send it |", id="one column"
        ),
    ],
)
def test_a_file_is_one_table(text: str, expected: str) -> None:
    assert converted("csv", text.encode()) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "shift_jis"])
def test_encodings_are_found(encoding: str) -> None:
    text = "都市,人口\n" + "東京,13960000\n横浜,3770000\n" * 40
    text = text if encoding == "shift_jis" else "城市,人口\n" + "北京,21540000\n上海,24870000\n" * 40
    found = converted("csv", text.encode(encoding))
    assert found.splitlines()[0] == f"| {text.splitlines()[0].replace(',', ' | ')} |"
    assert len(found.splitlines()) == 82


def test_too_many_columns_are_refused_with_their_number() -> None:
    with pytest.raises(DocumentRefused) as refused:
        converted("csv", b"a," * 1_000 + b"a\n" + b"1," * 1_000 + b"1\n")
    assert refused.value.reason.code == "convert.too_wide"
    assert "1001 columns" in str(refused.value)


def test_every_row_of_a_long_file_is_found_below_its_names() -> None:
    text = converted("csv", ("Order,Total\n" + "".join(f"N{n},{n}\n" for n in range(3_000))).encode())
    pieces = chunk(text, count_tokens=lambda each: [len(t) // 4 + 1 for t in each], limits=ChunkLimits(max_tokens=240))
    (table,) = tables_of(pieces)
    assert len(pieces) > 20 and table.columns == ("Order", "Total")
    assert [row.cells for row in table.rows] == [(f"N{n}", str(n)) for n in range(3_000)]
    (whole,) = stretches(pieces)
    assert whole.text == text


@pytest.mark.parametrize("text", [",,\n;;\n", ' , "" \n', "\n\n"])
def test_a_file_without_a_filled_cell_has_no_text(text: str) -> None:
    with pytest.raises(DocumentRefused):
        converted("csv", text.encode())
