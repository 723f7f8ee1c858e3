"""Word, PowerPoint and PDF files made by hand, with what real ones hold: notes, pictures, tables, bookmarks."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping, Sequence

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
    'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inside: str, style: str = "", *, said: str = "") -> str:
    """`said` is what else its properties hold."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p>{f'<w:pPr>{styled}{said}</w:pPr>' if styled or said else ''}{inside}</w:p>"


def numbered(text: str, number: int, level: int = 0, style: str = "") -> str:
    """A paragraph in list `number`."""
    return paragraph(run(text), style, said=in_list(number, level))


def in_list(number: int, level: int | None = None) -> str:
    """The place of a paragraph or style in a list; no level where the list says it."""
    at = "" if level is None else f'<w:ilvl w:val="{level}"/>'
    return f'<w:numPr>{at}<w:numId w:val="{number}"/></w:numPr>'


def lists(families: Sequence[Sequence[str]], *numbers: str) -> str:
    """`numbering.xml`: families of levels, counted from 1, and a list of each where `numbers` give no others."""
    made = "".join(
        f'<w:abstractNum w:abstractNumId="{at}">{"".join(levels)}</w:abstractNum>'
        for at, levels in enumerate(families, 1)
    )
    usual = (instance(at, at) for at in range(1, len(families) + 1))
    return f"<w:numbering {NAMESPACES}>{made}{''.join(numbers or usual)}</w:numbering>"


def level(at: int, style: str, text: str, *, indent: int | None = None, more: str = "") -> str:
    """One level of a family, such as `level(0, "decimal", "%1.")`."""
    moved = "" if indent is None else f'<w:pPr><w:ind w:left="{indent}"/></w:pPr>'
    start = "" if "<w:start " in more else '<w:start w:val="1"/>'
    return f'<w:lvl w:ilvl="{at}">{start}<w:numFmt w:val="{style}"/>{more}<w:lvlText w:val="{text}"/>{moved}</w:lvl>'


def instance(number: int, family: int, overrides: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{family}"/>{overrides}</w:num>'


def note(number: int) -> str:
    """A reference to footnote `number`."""
    return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'


def picture(alt: str) -> str:
    return paragraph(
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{alt}"/><a:graphic>'
        '<a:graphicData uri="x"><pic:pic><pic:blipFill><a:blip r:embed="rI"/></pic:blipFill></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r>"
    )


def table(*rows: Sequence[str]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(run(cell))}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def word(
    *body: str,
    notes: Sequence[str] = (),
    properties: str = "",
    numbering: str = "",
    in_styles: Mapping[str, str] | None = None,
) -> bytes:
    """A Word file. Footnotes are numbered from 1 in the file's own way, from 2; `in_styles` is what styles hold."""

    def relations(*targets: tuple[str, str, str]) -> str:
        made = "".join(f'<Relationship Id="{id}" Type="{type}" Target="{to}"/>' for id, type, to in targets)
        return f'<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'

    named = {"Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2", "Heading3": "heading 3"}
    held = in_styles or {}
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/>{held.get(id, "")}</w:style>'
        for id, name in named.items()
    )
    footnotes = "".join(f'<w:footnote w:id="{i}">{paragraph(run(n))}</w:footnote>' for i, n in enumerate(notes, 2))
    core = f"{PACKAGE}/metadata/core-properties"
    files = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(
            ("r1", f"{OFFICE}/officeDocument", "word/document.xml"),
            ("r2", f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "word/_rels/document.xml.rels": relations(
            ("rI", f"{OFFICE}/image", "media/i.png"),
            ("rF", f"{OFFICE}/footnotes", "footnotes.xml"),
            ("rS", f"{OFFICE}/styles", "styles.xml"),
            ("rN", f"{OFFICE}/numbering", "numbering.xml"),
        ),
        "word/styles.xml": f"<w:styles {NAMESPACES}>{styles}</w:styles>",
        "word/footnotes.xml": f"<w:footnotes {NAMESPACES}>{footnotes}</w:footnotes>",
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{''.join(body)}</w:body></w:document>",
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{core}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:dcterms="http://purl.org/dc/terms/">{properties}</cp:coreProperties>',
    }
    if numbering:
        files["word/numbering.xml"] = numbering
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("word/media/i.png", PNG)
    return written.getvalue()


def pdf_of(objects: Sequence[bytes], *, info: int = 0) -> bytes:
    """A PDF of numbered objects, the first of which is its catalogue; `info` is the number of its properties."""
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, body)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (
        len(objects) + 1,
        b"".join(b"%010d 00000 n \n" % p for p in places),
    )
    said = b"/Info %d 0 R" % info if info else b""
    trailer = b"trailer<</Size %d/Root 1 0 R%s>>startxref\n%d\n%%%%EOF" % (len(objects) + 1, said, len(written))
    return written + head + trailer


def stream(drawn: str) -> bytes:
    data = drawn.encode()
    return b"<</Length %d>>stream\n%s\nendstream" % (len(data), data)


def bookmarked(pages: Sequence[Sequence[tuple[int, int, str]]], marks: Sequence[tuple[str, int]], info: str) -> bytes:
    """A PDF of (size, distance from the bottom, text) lines, with (title, page from 0) bookmarks and properties."""
    first = 5
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(len(pages)))
    outline = first + 2 * len(pages)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Outlines %d 0 R>>" % outline,
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<<{info}>>".encode(),
    ]
    for i, lines in enumerate(pages):
        drawn = "".join(f"BT /F1 {size} Tf 72 {y} Td ({text}) Tj ET\n" for size, y, text in lines)
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {first + 1 + 2 * i} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode()
        )
        objects.append(stream(drawn))
    last = outline + len(marks)
    objects.append(b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (outline + 1, last, len(marks)))
    for i, (title, page) in enumerate(marks):
        following = f"/Next {outline + 2 + i} 0 R" if i + 1 < len(marks) else ""
        where = f"/Dest[{first + 2 * page} 0 R/XYZ 0 792 0]"
        objects.append(f"<</Title({title})/Parent {outline} 0 R{where}{following}>>".encode())
    return pdf_of(objects, info=4)


def drawn(*operators: str) -> bytes:
    """A PDF of one page with what the operators draw."""
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            stream("\n".join(operators)),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def written_at(x: int, y: int, text: str) -> str:
    return f"BT /F1 11 Tf {x} {y} Td ({text}) Tj ET"


def chinese_pdf(*lines: str) -> bytes:
    """A PDF of Chinese lines below each other, in a font every reader has."""
    drawn = "".join(
        f"BT /F1 12 Tf 72 {700 - 14 * i} Td <{line.encode('utf-16-be').hex()}> Tj ET\n" for i, line in enumerate(lines)
    )
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            stream(drawn),
            b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>",
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)"
            b"/Supplement 0>>/FontDescriptor 7 0 R/DW 1000>>",
            b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
            b"/Descent -120/CapHeight 880/StemV 93>>",
        ]
    )
