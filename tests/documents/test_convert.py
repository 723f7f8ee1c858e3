"""Other formats to Markdown, in a real process of their own: what comes out, and what strangers' files cannot do."""

from __future__ import annotations

import io
import threading
import zipfile
import zlib

import pytest

from rag.documents.convert import kind_of
from rag.documents.worker import WorkLimits, to_markdown
from rag.errors import DocumentRefused, Stopped
from rag.events import Cancel
from rag.messages import Reason, reason
from tests.support.converting import converted

HTML = b"""<html><head><title>Guide</title><script>alert(1)</script><style>p{}</style></head>
<body><h1>Keys</h1><p>Send <b>SIGHUP</b>.</p><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
</body></html>"""

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
LINKS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="word/document.xml" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)


def docx(*paragraphs: tuple[str, str]) -> bytes:
    """A Word file of (style, text) paragraphs."""
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", LINKS)
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>')
    return written.getvalue()


def pptx(*slides: tuple[str, str]) -> bytes:
    """A presentation of (title, text) slides."""
    from pptx import Presentation

    shown = Presentation()
    for title, text in slides:
        slide = shown.slides.add_slide(shown.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    written = io.BytesIO()
    shown.save(written)
    return written.getvalue()


def pdf(*pages: list[tuple[int, int, str]]) -> bytes:
    """A PDF of (size, distance from the bottom, text) lines on each page."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for i, lines in enumerate(pages):
        drawn = "".join(f"BT /F1 {size} Tf 72 {y} Td ({text}) Tj ET\n" for size, y, text in lines).encode()
        drawn = zlib.compress(drawn)
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {5 + 2 * i} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode(),
            b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        ]
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return written + head + b"trailer<</Size %d/Root 1 0 R>>startxref\n%d\n%%%%EOF" % (len(objects) + 1, len(written))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/b.MD", "markdown"),
        ("x.txt", "text"),
        ("x.HTM", "html"),
        ("x.y.pdf", "pdf"),
        ("a.docx", "docx"),
        ("b", "markdown"),
    ],
)
def test_the_name_says_what_a_file_is(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_html_keeps_its_structure_and_loses_its_scripts() -> None:
    text = converted("html", HTML)
    assert "# Keys" in text and "**SIGHUP**" in text and "| 1 | 2 |" in text
    assert "alert" not in text and "p{}" not in text


def test_html_without_headings_is_headed_by_its_title() -> None:
    assert (
        converted("html", b"<title>On keys</title><p>Send SIGHUP.</p>")
        == '---\ntitle: "On keys"\n---\n\n# On keys\n\nSend SIGHUP.'
    )


def test_word_headings_become_headings() -> None:
    text = converted("docx", docx(("Heading1", "Keys"), ("Heading2", "Rotation"), ("Normal", "Send SIGHUP.")))
    assert text.split("\n\n") == ['---\ntitle: "Keys"\n---', "# Keys", "## Rotation", "Send SIGHUP."]


def test_slides_keep_their_numbers() -> None:
    text = converted("pptx", pptx(("Backups", "Run nightly."), ("", "No title here.")))
    assert text.split("\n\n")[1:] == ["# Slide 1: Backups", "Run nightly.", "# Slide 2", "No title here."]


def test_pages_keep_their_numbers_and_larger_type_is_a_heading() -> None:
    body = [(11, 600, "Send the signal to every broker and wait for the re-"), (11, 586, "load counter to rise.")]
    text = converted("pdf", pdf([(18, 700, "Rotation"), *body], [(11, 700, "# no heading of the page")]))
    assert text.split("\n\n") == [
        '---\ntitle: "Rotation"\n---',
        "## Page 1",
        "### Rotation",
        "Send the signal to every broker and wait for the reload counter to rise.",
        "## Page 2",
        "\\# no heading of the page",
    ]


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        pytest.param("pdf", pdf([]), reason("convert.no_text_pdf"), id="a page without text"),
        pytest.param("html", b"<p> </p>", reason("convert.no_text"), id="an empty page"),
        pytest.param("docx", b"\xd0\xcf\x11\xe0" + b"\0" * 99, reason("convert.protected"), id="password"),
    ],
)
def test_what_holds_no_text_is_refused_with_the_way_out(kind: str, data: bytes, why: Reason) -> None:
    with pytest.raises(DocumentRefused) as caught:
        converted(kind, data)
    assert caught.value.reason == why


@pytest.mark.parametrize("kind", ["pdf", "docx", "pptx"])
def test_what_is_not_what_its_name_says_is_refused(kind: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        converted(kind, b"no such thing")
    assert caught.value.reason.code == "convert.unreadable"


def test_a_converter_that_takes_too_much_memory_costs_one_file() -> None:
    with pytest.raises(DocumentRefused) as caught:
        to_markdown("html", HTML, cancel=Cancel(), limits=WorkLimits(megabytes=64))
    assert caught.value.reason == reason("convert.too_much_memory", kind="HTML", limit=64)


def test_a_converter_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(DocumentRefused) as caught:
        to_markdown("html", HTML, cancel=Cancel(), limits=WorkLimits(seconds=0.01))
    assert caught.value.reason == reason("convert.too_slow", kind="HTML", seconds=0.01)


def test_cancelling_ends_the_conversion_at_once() -> None:
    cancel = Cancel()
    deep = b"<div>" * 20_000 + b"x"
    threading.Timer(0.05, cancel.cancel).start()
    with pytest.raises((Stopped, DocumentRefused)) as caught:
        to_markdown("html", deep, cancel=cancel)
    assert isinstance(caught.value, Stopped)
