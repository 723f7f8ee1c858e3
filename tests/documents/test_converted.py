"""What becomes of what real files hold: pictures, links, notes, tables, properties, bookmarks, encodings."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.chunking import ChunkLimits, chunk, described
from rag.documents.convert import without_files
from rag.types import Chunk
from tests.support.converting import converted
from tests.support.office_files import (
    PNG,
    bookmarked,
    chinese_pdf,
    drawn,
    note,
    paragraph,
    picture,
    run,
    table,
    word,
    written_at,
)

PICTURE = base64.b64encode(PNG * 1000).decode()
"""Of some 100 KB."""
URL = "https://docs.example.com/guides/deep/in/the/tree/page.html?utm_source=newsletter&utm_campaign=spring"


def chunks(text: str) -> list[Chunk]:
    made = chunk(text, count_tokens=lambda texts: [len(t) // 4 + 1 for t in texts], limits=ChunkLimits(max_tokens=240))
    assert all(text[c.start : c.end] == c.text for c in made)
    return made


# ---- pictures in the text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"# A\n\n![A chart](data:image/png;base64,{PICTURE}) and more.",
        f'# A\n\n<img alt="A chart" src="data:image/png;base64,{PICTURE}"> and more.',
        f"# A\n\n![A chart][c] and more.\n\n[c]: data:image/png;base64,{PICTURE}\n",
        f"# A\n\n![A chart](data:image/svg+xml;charset=utf-8,{'%3Csvg' * 999}) and more.",
        f'# A\n\n<img alt="A chart" src="data:image/svg+xml;utf8,{"<svg a=7>" * 99}"> and more.',
    ],
    ids=["a picture", "in HTML", "by reference", "not base64", "bare SVG"],
)
def test_a_picture_in_the_text_is_its_words_alone(text: str) -> None:
    shorter = without_files(text)
    assert len(shorter) < 120 and "A chart" in shorter and "and more." in shorter and "data:image/" in shorter
    assert len(chunks(shorter)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "![dot](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
        "The data: it is long. " + "word " * 200,
        f"data: {PICTURE[:300]}",
        "",
    ],
)
def test_what_is_no_long_file_stays(text: str) -> None:
    assert without_files(text) == text


LONG = "A" * 300
FILES = st.sampled_from(
    [
        f"data:image/png;base64,{LONG}",
        f"data:image/svg+xml;charset=utf-8,{'%3Csvg' * 60}",
        "data:image/gif;base64,R0lGOD",
        "data:",
        "data:a/a,",
    ]
)
AROUND = st.sampled_from(
    [
        "<img src='{}'>",
        '<img src="{}">',
        "![A chart]({})",
        "[c]: {}\n",
        "url('{}')",
        "it's {} so",
        '"{}" is',
        "'{} is",
        "{}",
    ]
)
SVG = f"<svg a='7' b=\"8\">{'<g/>' * 60}</svg>"
BESIDE = st.sampled_from(
    ["one", "it's", 'a "word"', "<b>", ")", "\n", "\n\n", "字" * 250, "'", '"', "=", "metadata:x/y,"]
)


@given(st.lists(st.one_of(BESIDE, st.builds(str.format, AROUND, FILES)), max_size=12))
def test_text_around_files_is_all_still_there(parts: list[str]) -> None:
    text = " ".join(parts)
    kept = without_files(text)
    for heavy in (f";base64,{LONG}", f";charset=utf-8,{'%3Csvg' * 60}"):
        text = text.replace(heavy, "")
    assert kept == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"<img src='data:image/png;base64,{LONG}'>it's \"lost\"", "<img src='data:image/png'>it's \"lost\""),
        (f"<img src='data:image/svg+xml,{SVG[:9]}'>{'it is lost. ' * 30}\"", None),
        (f'<img src="data:a/b,{SVG[:8]} ' + "x\n\n" * 99 + '"', None),
        (f"<a style=\"background:url('data:image/svg+xml,{SVG.replace(chr(39), '')}')\">x", None),
        (f"'data:a/b, {'is a scheme. ' * 30}'", None),
        ("data:text/plain," + "字" * 300, None),
        (f"metadata:text/plain,{LONG}", None),
        ("<img src='data:image/svg+xml," + "<g b=\"7\"> " * 60 + "'>x", "<img src='data:image/svg+xml'>x"),
        (f'{{"icon": "data:image/svg+xml,{"<g/>" * 60}"}}', '{"icon": "data:image/svg+xml"}'),
    ],
    ids=[
        "single quotes", "a short one", "never closed", "quotes in quotes", "prose in quotes", "no blanks", "no scheme",
        "blanks in it", "JSON",
    ],
)  # fmt: skip
def test_a_file_ends_where_its_address_does(text: str, kept: str | None) -> None:
    if kept is None and "url(" in text:
        kept = "<a style=\"background:url('data:image/svg+xml')\">x"
    assert without_files(text) == (text if kept is None else kept)


def test_hostile_text_takes_linear_time() -> None:
    for text in ("'data:a/a," * 200_000, "=\"data:a/a,='data:a/a," * 100_000, '="data:a/a,' + " \n" * 500_000):
        without_files(text)
    for text in ("data:" * 200_000, "data:a/a;" + "a=b;" * 200_000, "data:image/png;base64," + "A " * 300_000):
        without_files(text)


# ---- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"See [the guide]({URL}).", "See the guide."),
        (f'See [the guide](<{URL}> "Guide").', "See the guide."),
        (f'<a href="{URL}">x</a>', "x"),
        (f"![Rates](../../assets/{'deep/' * 9}rates.png)", "Rates"),
        ("[short](https://example.com/page)", "short"),
        (f"Read {URL} now.", "Read https://docs.example.com/… now."),
    ],
    ids=["link", "in brackets", "HTML", "a picture", "short", "an address in the text"],
)
def test_models_read_the_words_of_a_link_and_not_its_address(text: str, expected: str) -> None:
    seen = Chunk(0, 0, len(text), ("Links",), text, 1)
    assert seen.embedded_text == f"Links\n{expected}" and seen.text == text


def test_long_addresses_do_not_cut_a_text() -> None:
    text = "# Links\n\n" + " ".join(f"See [guide {n}]({URL}&n={n})." for n in range(20))
    (only,) = chunks(text)
    assert URL in only.text and only.tokens < 240 < len(only.text) // 4


# ---- HTML ------------------------------------------------------------------------------------------------------------

PAGE = (
    "<html><head><title>Keys - Example Docs</title><meta name=keywords content='tls, keys'>"
    "<meta property='article:published_time' content='2024-05-01T09:00:00Z'></head><body><header><a href='/'>Home</a>"
    "</header><nav><a href='/a'>Products</a></nav>{main}<footer>Copyright</footer><noscript>Enable it</noscript></body>"
)
MAIN = (
    "<h1>Keys<a class=headerlink href='#keys'>¶</a></h1><p>Send SIGHUP, 10<sup>6</sup> times, to the broker that is "
    "named in <a href='../x.html'>the list</a> of brokers.</p><img src='/spacer.gif'><img alt='A ring' src='ring.png'>"
    "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"
)


@pytest.mark.parametrize("main", [f"<main>{MAIN}</main>", MAIN], ids=["a main part", "none"])
def test_what_stands_around_a_page_is_left_out(main: str) -> None:
    text = converted("html", PAGE.format(main=main).encode())
    assert not any(word in text for word in ("Home", "Products", "Copyright", "Enable", "¶", "spacer"))
    assert "# Keys\n" in text and "10<sup>6</sup>" in text and "[the list](../x.html)" in text
    assert "![A ring](ring.png)" in text and "| a | b |\n| --- | --- |\n| 1 | 2 |" in text
    title, said = described(text, fallback="file")
    assert (title, said.tags, said.date) == ("Keys", ("tls", "keys"), "2024-05-01")


def test_a_main_part_that_a_script_would_fill_is_no_main_part() -> None:
    assert "Send SIGHUP" in converted("html", f"<main></main><div>{MAIN}</div>".encode())


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("gb18030", "gb18030"),
        ("gb18030", "gb2312"),
        ("utf-8", "gbk"),
        ("big5", "big5"),
        ("utf-8-sig", ""),
        ("utf-16", ""),
    ],
)
def test_the_encoding_a_page_has_counts_before_the_one_it_claims(encoding: str, declared: str) -> None:
    meta = f'<meta charset="{declared}">' if declared else ""
    said = "每年三十天。" if encoding == "big5" else "朱镕基，每年三十天。"
    page = f"<html><head>{meta}<title>休假</title></head><body><h1>休假</h1><p>{said}</p></body></html>"
    assert converted("html", page.encode(encoding)).endswith(f"# 休假\n\n{said}")


# ---- Word ------------------------------------------------------------------------------------------------------------

LEAVE = word(
    paragraph(run("Leave policy"), "Title"),
    paragraph(run("Rules"), "Heading1"),
    paragraph(run("Thirty days") + note(2) + run(" a year, in grade A") + note(3) + run(".")),
    picture("A chart of leave"),
    picture(""),
    table(("Grade", "Days"), ("A", "30")),
    paragraph(run("Other"), "Heading1"),
    paragraph(run("Ask first.")),
    notes=("Part time counts in full.", "See the list."),
    properties="<dc:title>Template for letters</dc:title><cp:keywords>hr; leave</cp:keywords>"
    "<dcterms:modified>2025-03-01T10:00:00Z</dcterms:modified>",
)


def test_word_keeps_titles_notes_tables_and_what_a_picture_shows() -> None:
    text = converted("docx", LEAVE)
    title, said = described(text, fallback="file")
    assert (title, said.tags, said.date) == ("Leave policy", ("hr", "leave"), "2025-03-01")
    assert text.split("---\n\n", 1)[1].split("\n\n") == [
        "# Leave policy",
        "# Rules",
        "Thirty days<sup>1</sup> a year, in grade A<sup>2</sup>.",
        "<sup>1</sup> Part time counts in full.",
        "<sup>2</sup> See the list.",
        "![A chart of leave](data:image/png)",
        "| Grade | Days |\n| --- | --- |\n| A | 30 |",
        "# Other",
        "Ask first.",
    ]
    assert [c.heading_path for c in chunks(text)] == [("Rules",), ("Other",)]


def test_word_without_headings_is_headed_by_its_properties() -> None:
    data = word(paragraph(run("Ask first.")), properties="<dc:title>Leave</dc:title>")
    assert converted("docx", data).endswith("# Leave\n\nAsk first.")
    unnamed = word(paragraph(run("Ask first.")), properties="<dc:title>Microsoft Word - draft3.docx</dc:title>")
    assert converted("docx", unnamed) == "Ask first."


# ---- PowerPoint ------------------------------------------------------------------------------------------------------


def test_slides_keep_points_tables_notes_and_what_a_picture_shows() -> None:
    from pptx import Presentation
    from pptx.util import Inches

    shown = Presentation()
    slide = shown.slides.add_slide(shown.slide_layouts[1])
    slide.shapes.title.text = "Backups"
    slide.placeholders[1].text_frame.text = "Run nightly"
    slide.placeholders[1].text_frame.add_paragraph().text = "Keep 30 days"
    slide.notes_slide.notes_text_frame.text = "Say that a restore was tested."
    cells = slide.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    for at, value in enumerate(("Size", "Days", "1 TB", "30")):
        cells.cell(at // 2, at % 2).text = value
    for alt in ("", "A ring of brokers"):
        made = slide.shapes.add_picture(io.BytesIO(PNG), Inches(1), Inches(6))
        made._element.nvPicPr.cNvPr.set("descr", alt)
    shown.core_properties.title, shown.core_properties.keywords = "Backup plan", "ops, backup"
    written = io.BytesIO()
    shown.save(written)
    text = converted("pptx", written.getvalue())
    title, said = described(text, fallback="file")
    assert (title, said.tags) == ("Backup plan", ("ops", "backup"))
    head, *rest = text.split("---\n\n", 1)[1].split("\n\n")
    assert head == "# Slide 1: Backups" and rest[:2] == ["Run nightly", "Keep 30 days"]
    assert "| Size | Days |\n| --- | --- |\n| 1 TB | 30 |" in rest
    assert [line for line in rest if line.startswith("!")] == ["![A ring of brokers](Picture5.jpg)"]
    assert rest[-2:] == ["#### Notes", "Say that a restore was tested."]
    assert chunks(text)[-1].heading_path == ("Slide 1: Backups", "Notes")


# ---- PDF -------------------------------------------------------------------------------------------------------------

PAGES = [
    [(11, 700, "1 Keys"), (11, 600, "Keys are made once.")],
    [(11, 700, "They go on over the page."), (11, 600, "2 Backups"), (11, 500, "Backups run nightly.")],
]
INFO = "/Title(Operations)/Keywords(ops, tls)/ModDate(D:20240501093000Z)"


def test_bookmarks_are_headings_and_every_passage_knows_its_page() -> None:
    text = converted("pdf", bookmarked(PAGES, [("Keys", 0), ("Backups", 1), ("Nowhere on it", 1)], INFO))
    title, said = described(text, fallback="file")
    assert (title, said.tags, said.date) == ("Operations", ("ops", "tls"), "2024-05-01")
    made = [(c.heading_path, c.text.rpartition("\n\n")[2]) for c in chunks(text)]
    assert made == [
        (("1 Keys", "Page 1"), "Keys are made once."),
        (("Nowhere on it", "Page 2"), "They go on over the page."),
        (("2 Backups", "Page 2"), "Backups run nightly."),
    ]


def test_without_bookmarks_the_file_names_a_pdf_that_names_itself_by_nothing() -> None:
    text = converted("pdf", bookmarked(PAGES, [], "/Title(Microsoft Word - draft.doc)"))
    assert [c.heading_path for c in chunks(text)] == [("Page 1",), ("Page 2",)]
    assert described(text, fallback="file")[0] == "Page 1"


def test_an_outline_that_is_broken_does_not_cost_the_document() -> None:
    data = bookmarked(PAGES, [("Keys", 0)], INFO).replace(b"/First 10 0 R", b"/First 99 0 R")
    assert "Keys are made once." in converted("pdf", data)


ROWS = (("Grade", "Days off"), ("A | B", "30"), ("C", "25"))
IN_CELLS = [written_at(76 + 60 * c, 604 - 20 * r, text) for r, row in enumerate(ROWS) for c, text in enumerate(row)]
BEFORE, AFTER = written_at(72, 700, "Before the table."), written_at(72, 500, "After it.")
LINES = [f"72 {620 - 20 * i} m 212 {620 - 20 * i} l S" for i in range(4)]
LINES += [f"{x} 620 m {x} 560 l S" for x in (72, 132, 212)]
BOXES = [f"{72 + 60 * c} {600 - 20 * r} {60 + 20 * c} 20 re S" for r in range(3) for c in range(2)]
TABLE = "| Grade | Days off |\n| --- | --- |\n| A \\| B | 30 |\n| C | 25 |"


@pytest.mark.parametrize("rules", [LINES, BOXES], ids=["lines", "a box for each cell"])
def test_a_table_with_drawn_lines_is_a_table(rules: list[str]) -> None:
    text = converted("pdf", drawn(*rules, BEFORE, *IN_CELLS, AFTER))
    assert text.split("\n\n") == ["## Page 1", "Before the table.", TABLE, "After it."]


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([], id="no lines"),
        pytest.param(["72 620 m 212 620 l S", "72 560 m 212 560 l S"], id="rules above and below"),
        pytest.param(["60 480 300 240 re S"], id="a frame around everything"),
        pytest.param([f"{10 * i} 0 m {10 * i} 790 l S" for i in range(60)] + ["0 9 m 600 9 l S", "0 700 m 600 700 l S",
                     "0 790 m 600 790 l S"], id="a grid behind everything"),
    ],
)  # fmt: skip
def test_other_lines_make_no_table_and_lose_no_word(rules: list[str]) -> None:
    text = converted("pdf", drawn(*rules, BEFORE, *IN_CELLS, AFTER))
    assert "| ---" not in text
    assert all(word in text for word in ("Before the table.", "Days off", "25", "After it."))


def test_chinese_lines_are_one_paragraph_in_their_order() -> None:
    text = converted("pdf", chinese_pdf("员工每年享有三十天带薪", "年假，须提前两周申请。"))
    assert text.endswith("## Page 1\n\n员工每年享有三十天带薪年假，须提前两周申请。")
