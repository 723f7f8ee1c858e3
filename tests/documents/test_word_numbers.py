"""The numbers Word shows and does not store: before headings, clauses and items, and in references to them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.convert.numerals import numeral
from rag.documents.convert.word import word_to_markdown
from tests.support.office_files import in_list, instance, level, lists, numbered, paragraph, run, word

HEADINGS = {
    f"Heading{at + 1}": f"<w:pPr>{in_list(1, at)}</w:pPr>" for at in range(3)
}  # as Word writes "multilevel list, linked to headings"
OUTLINE = [level(0, "decimal", "%1."), level(1, "decimal", "%1.%2."), level(2, "decimal", "%1.%2.%3.")]
STEPS = [level(0, "decimal", "%1.", indent=720), level(1, "bullet", "•", indent=1440)]
LETTERS = [level(0, "lowerLetter", "%1)", indent=1080)]


def heading(text: str, at: int = 1) -> str:
    return paragraph(run(text), f"Heading{at}")


def body(data: bytes) -> list[str]:
    """The Markdown of a Word file below its front matter, by paragraphs."""
    return word_to_markdown(io.BytesIO(data)).removeprefix("---").rpartition("---\n\n")[2].split("\n\n")


# ---- headings --------------------------------------------------------------------------------------------------------


def test_headings_have_the_numbers_of_their_styles() -> None:
    made = word(
        *(heading("Definitions"), heading("Delivery"), heading("Place", 2), heading("Term", 2), heading("Delay", 3)),
        *(heading("Costs", 2), heading("Liability"), heading("Limits", 2)),
        numbering=lists([OUTLINE]),
        in_styles=HEADINGS,
    )
    assert body(made) == [
        *("# 1 Definitions", "# 2 Delivery", "## 2.1 Place", "## 2.2 Term", "### 2.2.1 Delay", "## 2.3 Costs"),
        *("# 3 Liability", "## 3.1 Limits"),
    ]


def test_a_style_says_its_level_by_the_list_or_by_the_style_it_is_based_on() -> None:
    linked = [
        level(0, "decimal", "%1", more='<w:pStyle w:val="Heading1"/>'),
        level(1, "decimal", "%1.%2", more='<w:pStyle w:val="Heading2"/>'),
    ]
    styles = {
        "Heading1": f"<w:pPr>{in_list(1)}</w:pPr>",
        "Heading2": f"<w:pPr>{in_list(1)}</w:pPr>",
        "Heading3": '<w:basedOn w:val="Heading2"/>',
    }
    made = word(heading("A"), heading("B", 2), heading("C", 3), numbering=lists([linked]), in_styles=styles)
    assert body(made) == ["# 1 A", "## 1.1 B", "### 1.2 C"]


def test_a_heading_can_be_taken_out_of_the_count() -> None:
    preface = paragraph(run("Preface"), "Heading1", said=in_list(0))
    made = word(preface, heading("One"), numbering=lists([OUTLINE]), in_styles=HEADINGS)
    assert body(made) == ["# Preface", "# 1 One"]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param(
            [level(0, "upperRoman", "Article %1."), level(1, "decimal", "Section %1.%2", more="<w:isLgl/>")],
            ["# Article I A", "## Section 1.1 B", "## Section 1.2 C", "# Article II D"],
            id="words and legal numbers",
        ),
        pytest.param(
            [level(0, "chineseCounting", "第%1章"), level(1, "chineseCountingThousand", "%2、")],
            ["# 第一章 A", "## 一、B", "## 二、C", "# 第二章 D"],
            id="Chinese",
        ),
        pytest.param(
            [level(0, "upperLetter", "Annex %1"), level(1, "none", "§")],
            ["# Annex A A", "## § B", "## § C", "# Annex B D"],
            id="letters and a sign",
        ),
        pytest.param(
            [level(0, "decimal", "%1"), level(1, "lowerRoman", "(%2)", more='<w:lvlRestart w:val="0"/>')],
            ["# 1 A", "## (i) B", "## (ii) C", "# 2 D"],
            id="that never begins again",
        ),
        pytest.param(
            [level(0, "decimal", "%1", more='<w:start w:val="7"/>'), level(1, "bullet", "•")],
            ["# 7 A", "## B", "## C", "# 8 D"],
            id="from another number, and points",
        ),
    ],
)
def test_numbers_are_written_as_the_list_says(levels: list[str], expected: list[str]) -> None:
    made = word(
        *(heading("A"), heading("B", 2), heading("C", 2), heading("D")), numbering=lists([levels]), in_styles=HEADINGS
    )
    assert body(made) == expected


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_another_list_further_in_stands_below_and_the_first_goes_on() -> None:
    made = word(
        *(numbered("Open", 1), numbered("red", 1, 1), numbered("blue", 1, 1), numbered("Sign", 1)),
        *(numbered("in ink", 2), numbered("twice", 2), numbered("Send", 1)),
        numbering=lists([STEPS, LETTERS]),
    )
    (text,) = body(made)
    assert text.splitlines() == [
        *("1. Open", "   * red", "   * blue", "2. Sign", "   * a) in ink", "   * b) twice", "3. Send"),
    ]


def test_a_list_goes_on_after_a_paragraph_and_a_paragraph_of_an_item_stays_in_it() -> None:
    inside = paragraph(run("Both of them."), said='<w:ind w:left="720"/>')
    made = word(
        *(numbered("Open", 1), inside, numbered("Sign", 1), paragraph(run("Then wait.")), numbered("Send", 1)),
        numbering=lists([STEPS]),
    )
    assert body(made) == ["1. Open", "   Both of them.\n2. Sign", "Then wait.", "3. Send"]


def test_a_list_begins_again_where_it_says_so() -> None:
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{}"/></w:lvlOverride>'
    made = word(
        *(numbered("a", 1), numbered("b", 1), paragraph(run("Then")), numbered("c", 2), numbered("d", 2)),
        *(paragraph(run("And")), numbered("e", 3), paragraph(run("So")), numbered("f", 2)),
        numbering=lists([STEPS], instance(1, 1), instance(2, 1, again.format(1)), instance(3, 1, again.format(9))),
    )
    assert body(made) == ["1. a\n2. b", "Then", "1. c\n2. d", "And", "9. e", "So", "10. f"]


def test_clauses_are_paragraphs_with_their_numbers() -> None:
    legal = [*OUTLINE, level(3, "lowerLetter", "(%4)", indent=2000), level(4, "lowerRoman", "%5.", indent=2500)]
    made = word(
        *(numbered("Scope", 1), numbered("It covers this.", 1, 1), numbered("And that.", 1, 2)),
        *(numbered("one", 1, 3), numbered("deep", 1, 4), numbered("two", 1, 3), numbered("Term", 1)),
        numbering=lists([legal]),
    )
    assert body(made) == [
        *("1. Scope", "1.1. It covers this.", "1.1.1. And that.", "* (a) one\n  + i. deep\n* (b) two", "2. Term"),
    ]


def test_chinese_clauses() -> None:
    made = word(
        *(numbered("总则", 1), numbered("适用范围。", 2), numbered("定义。", 2), numbered("交付", 1)),
        numbering=lists([[level(0, "chineseCounting", "%1、")], [level(0, "chineseCounting", "第%1条")]]),
    )
    assert body(made) == ["一、总则", "第一条 适用范围。", "第二条 定义。", "二、交付"]


def test_numbers_in_a_table_stand_in_its_cells() -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    cells = [row.format(numbered("", 1), paragraph(run(text))) for text in ("Open", "Sign")]
    head = row.format(paragraph(run("No.")), paragraph(run("Step")))
    made = word(f"<w:tbl>{head}{''.join(cells)}</w:tbl>", numbered("Send", 1), numbering=lists([STEPS]))
    assert body(made) == ["| No. | Step |\n| --- | --- |\n| 1. | Open |\n| 2. | Sign |", "3. Send"]


def test_an_empty_paragraph_counts_and_is_not_shown() -> None:
    made = word(numbered("a", 1), numbered("", 1), numbered("c", 1), numbering=lists([STEPS]))
    assert "\n".join(body(made)).split() == ["1.", "a", "3.", "c"]


def test_a_deleted_paragraph_does_not_count() -> None:
    deleted = paragraph("", said=f"{in_list(1, 0)}<w:rPr><w:del/></w:rPr>")
    made = word(numbered("a", 1), deleted, numbered("b", 1), numbering=lists([STEPS]))
    assert body(made) == ["1. a\n2. b"]


@pytest.mark.parametrize(
    "reference",
    [
        '<w:fldSimple w:instr=" REF _Ref1 \\r \\h "><w:r><w:t>2.2</w:t></w:r></w:fldSimple>',
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> REF _Ref1 \\r \\h </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2.2</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    ],
    ids=["a simple field", "a field in parts"],
)
def test_a_reference_says_what_it_refers_to(reference: str) -> None:
    assert body(word(paragraph(run("See clause ") + reference + run(" above.")))) == ["See clause 2.2 above."]


def test_a_list_that_is_nowhere_described_loses_no_text() -> None:
    assert body(word(numbered("Open", 4), numbered("Sign", 4, 99))) == ["Open", "Sign"]


def test_broken_numbering_loses_no_text() -> None:
    assert body(word(numbered("Open", 1), numbering="<w:numbering")) == ["Open"]


# ---- numerals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "style", "written"),
    [
        (4, "lowerRoman", "iv"),
        (1999, "upperRoman", "MCMXCIX"),
        (27, "lowerLetter", "aa"),
        (53, "upperLetter", "AAA"),
        (7, "decimalZero", "07"),
        (10, "chineseCounting", "十"),
        (21, "chineseCountingThousand", "二十一"),
        (105, "chineseCountingThousand", "一百零五"),
        (1010, "chineseCountingThousand", "一千零一十"),
        (12, "ideographDigital", "一二"),
        (10, "chineseLegalSimplified", "壹拾"),
        (3, "decimalEnclosedCircle", "③"),
        (21, "decimalEnclosedCircle", "㉑"),
        (99, "decimalEnclosedCircle", "99"),
        (2, "ideographTraditional", "乙"),
        (3, "ganada", "다"),
        (3, "russianLower", "в"),
        (22, "ordinal", "22nd"),
        (13, "ordinal", "13th"),
        (21, "cardinalText", "Twenty-one"),
        (12, "ordinalText", "Twelfth"),
        (40, "ordinalText", "Fortieth"),
        (140, "ordinalText", "140"),
        (5, "nobody knows", "5"),
        (0, "lowerRoman", "0"),
    ],
)
def test_numeral(value: int, style: str, written: str) -> None:
    assert numeral(value, style) == written


STYLES = st.sampled_from(["lowerRoman", "upperLetter", "chineseCounting", "cardinalText", "japaneseCounting", "aiueo"])


@given(st.integers(-5, 10**12), STYLES)
def test_every_number_is_written(value: int, style: str) -> None:
    assert 0 < len(numeral(value, style)) < 250
