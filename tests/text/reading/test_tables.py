"""Tables, by row, from pipes and from HTML."""

from __future__ import annotations

import pytest

from rag.text.reading import BlockKind, reading


def rows(text: str, lead: str = "") -> list[str]:
    read = reading(text, lead)
    return [read.text[b.start : b.end] for b in read.blocks if b.kind is BlockKind.ROW]


HEAD = "| Station | Interval (months) | Heated |\n|---|---:|---|\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(HEAD + "| Willow | 5 | no |", ["Willow: Interval 5 months; Heated no"], id="a row is a sentence"),
        pytest.param(HEAD + "| Willow | | no |", ["Willow: Heated no"], id="an empty cell"),
        pytest.param(HEAD + "| Willow | 5 |", ["Willow: Interval 5 months"], id="fewer cells"),
        pytest.param(HEAD + "| Willow | 5 | no | x |", ["Willow: Interval 5 months; Heated no; x"], id="more cells"),
        pytest.param("Name | Age\n--- | ---\nAnn | 5", ["Ann: Age 5"], id="no bars at the ends"),
        pytest.param("| Option | Description |\n|-|-|\n| `a` | It is a. |", ["`a`: It is a."], id="a column of words"),
        pytest.param(
            "| Code | Meaning |\n|-|-|\n| 1100 | Not found |", ["Code 1100: Not found"], id="numbers are named"
        ),
        pytest.param(
            "| | Free | Pro |\n|-|-|-|\n| Price | 0 | 5 |", ["Price: Free 0; Pro 5"], id="a head without a name"
        ),
        pytest.param("| | |\n|-|-|\n| Name | Ann |", ["Name: Ann"], id="no head"),
        pytest.param("| a | b |\n| c | d |", ["a: b", "c: d"], id="rows alone"),
        pytest.param("| A | B |\n|-|-|\n| x \\| y | `a \\| b` |", ["x | y: B `a | b`"], id="escaped bars"),
        pytest.param("| A | B |\n|-|-|\n| `x | y` | z |", ["`x | y`: B z"], id="a bar in code"),
        pytest.param("| A | B |\n|-|-|\n| a | b<br>c |", ["a: B b, c"], id="line breaks"),
        pytest.param("| A | B |\n|-|-|\n| a | [b](c) **d** |", ["a: B b **d**"], id="marks"),
        pytest.param(
            "| 站点 | 间隔（月） | 说明 |\n|-|-|-|\n| 柳树 | 5 | 很好。 |",
            ["柳树：间隔 5 月；说明：很好。"],
            id="Chinese",
        ),
        pytest.param("| D | V |\n|-|-|\n| It is so. | 5 |", ["It is so; V 5"], id="a sentence is no key"),
        pytest.param("| Zone | Use |\n|-|-|\n| A | Use one |", ["A: Use one"], id="a name that is said"),
        pytest.param("<table><tr><th>A<th>B<tr><td>x<td>y</table>", ["x: B y"], id="HTML without ends"),
        pytest.param(
            "<table>\n<thead>\n<tr><th>A</th><th>B</th></tr>\n</thead>\n\n<tbody>\n\n    <tr>\n"
            "      <td><code>x&lt;</code></td>\n"
            "      <td>\n\n**y** `z`\n\n</td>\n    </tr>\n</tbody>\n</table>",
            ["`x<`: B **y** `z`"],
            id="HTML with blank lines and Markdown",
        ),
        pytest.param(
            "<table><tr><th>A</th><th>B</th></tr><tr><td rowspan=2>x</td><td>1</td></tr><tr><td>2</td></tr></table>",
            ["x: B 1", "x: B 2"],
            id="a cell over two rows",
        ),
        pytest.param(
            "<table><tr><th rowspan=2>M</th><th colspan=2>Load (kg)</th></tr><tr><th>min</th><th>max</th></tr>"
            "<tr><td>A</td><td>5</td><td>7</td></tr></table>",
            ["A: Load min 5 kg; Load max 7 kg"],
            id="a head of two rows",
        ),
        pytest.param(
            "<table><tr><td><b>N</b></td><td><b>A</b></td></tr><tr><td>x</td><td>5</td></tr></table>",
            ["x: A 5"],
            id="a bold head",
        ),
        pytest.param(
            "<table><tr><td>A</td><td><ul><li>b</li><li>c</li></ul></td></tr></table>",
            ["A: b, c"],
            id="a list in a cell",
        ),
        pytest.param(
            "<table><tr><td>A</td><td><table><tr><td>b</td><td>c</td></tr></table></td></tr></table>",
            ["A: b, c"],
            id="a table in a cell",
        ),
    ],
)
def test_a_row_is_a_sentence_with_the_names_of_its_columns(text: str, expected: list[str]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("lead", "text"),
    [
        pytest.param("| Station | Interval (months) |\n|---|---|", "| Willow | 5 |\n| Elm | 6 |", id="pipes"),
        pytest.param(
            "    | Station | Interval (months) |\n    |---|---|",
            "    | Willow | 5 |\n    | Elm | 6 |",
            id="pipes in an item of a list that began before",
        ),
        pytest.param(
            "<table>\n<thead>\n<tr><th>Station</th><th>Interval (months)</th></tr></thead><tbody>",
            "    <tr>\n      <td>Willow</td>\n      <td>5</td>\n    </tr>\n<tr><td>Elm</td><td>6</td></tr>\n</table>",
            id="HTML",
        ),
        pytest.param(
            "<table><tr><th>Station</th><th>Interval (months)</th></tr><tr><td>Willow</td>",
            "<td>5</td></tr><tr><td>Elm</td><td>6</td></tr>",
            id="HTML, cut in a row",
        ),
    ],
)
def test_a_cut_table_keeps_its_names(lead: str, text: str) -> None:
    assert rows(text, lead) == ["Willow: Interval 5 months", "Elm: Interval 6 months"]


def test_what_is_around_a_table_is_no_part_of_it() -> None:
    read = reading(
        "Before:\n| A | B |\n|-|-|\n| a | b |\n\nAfter.\n\n<table><caption>So</caption><tr><td>c<td>d</table>\nEnd."
    )
    assert [read.text[b.start : b.end] for b in read.blocks] == ["Before:", "a: B b", "After.", "So", "c: d", "End."]


def test_a_row_is_found_in_the_source() -> None:
    text = HEAD + "| Willow | 5 | no |\n| Elm &amp; | 6 | yes &lt; |\n"
    read = reading(text)
    spans = [read.source_span(b.start, b.end) for b in read.blocks]
    assert [text[start:end] for start, end in spans] == ["Willow | 5 | no", "Elm &amp; | 6 | yes &lt;"]
