"""Files somebody may upload: names, encodings, archives, bombs. All are made here; none is kept."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from tests.support.office_files import paragraph, pdf_of, run, stream, table, word

from .names import NAMES
from .texts import TEXTS

MEGABYTE = 1_000_000
TEXT_SIZE = 200_000
"""Characters of a hostile text in a file."""
GOOD = b"# Kept\n\nThe good neighbour is taken all the same.\n"


class Fate(Enum):
    """What becomes of a file."""

    TAKEN = auto()
    REFUSED = auto()
    EITHER = auto()
    """Taken or refused with a reason, as long as it ends."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as a browser sends it."""

    name: str
    data: Callable[[], bytes]
    fate: Fate = Fate.EITHER


def zipped(entries: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of entries by name."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return written.getvalue()


def renamed(name: bytes, *, utf8: bool = False) -> bytes:
    """A zip of one entry whose name is these bytes, with or without saying that they are UTF-8."""
    plain = "n" * len(name)
    data = zipped({plain: GOOD}, method=zipfile.ZIP_STORED).replace(plain.encode(), name)
    return _flagged(data, 0x800) if utf8 else data


def _flagged(data: bytes, flag: int) -> bytes:
    """With a general purpose flag set in every header."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", changed, at + place)
            struct.pack_into("<H", changed, at + place, flags | flag)
            at = data.find(mark, at + 4)
    return bytes(changed)


def _claiming(size: int) -> bytes:
    """A zip whose entry claims another size than it has."""
    data = bytearray(zipped({"a.md": b"a" * 1000}))
    struct.pack_into("<I", data, data.find(b"PK\x01\x02") + 24, size)
    return bytes(data)


def _entries(count: int) -> bytes:
    """A zip whose end claims so many entries."""
    data = bytearray(zipped({"a.md": GOOD}))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<2H", data, end + 8, count, count)
    return bytes(data)


def _link(to: str) -> bytes:
    info = zipfile.ZipInfo("link.md")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(info, to)
        archive.writestr("kept.md", GOOD)
    return written.getvalue()


def _special(kind: int) -> bytes:
    info = zipfile.ZipInfo("special.md")
    info.create_system = 3
    info.external_attr = (kind | 0o644) << 16
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(info, b"")
    return written.getvalue()


def _nested(depth: int) -> bytes:
    data = zipped({"a.md": GOOD})
    for _ in range(depth):
        data = zipped({"inner.zip": data})
    return data


def _overlapping(copies: int) -> bytes:
    """Many entries of the directory over one and the same content."""
    data = zipped({"0000.md": b"a" * MEGABYTE})
    start = data.find(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    one = data[start:end]
    directory = b"".join(one.replace(b"0000.md", b"%04d.md" % i) for i in range(copies))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return data[:start] + directory + tail


def _word_with(part: str, data: bytes) -> bytes:
    """A Word file in which one part is replaced."""
    source = zipfile.ZipFile(io.BytesIO(word(paragraph(run("x")))))
    entries = {info.filename: source.read(info) for info in source.infolist()}
    return zipped({**entries, part: data})


def _external(where: str) -> bytes:
    return (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{where}">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
        "<w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    ).encode()


def _laughs(depth: int = 9) -> bytes:
    declared = '<!ENTITY e0 "ha">' + "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, depth + 1))
    return (
        f'<?xml version="1.0"?><!DOCTYPE a [{declared}]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
        f"<w:t>&e{depth};</w:t></w:r></w:p></w:body></w:document>"
    ).encode()


def _deep_word(depth: int) -> bytes:
    body = "<w:sdt><w:sdtContent>" * depth + paragraph(run("x")) + "</w:sdtContent></w:sdt>" * depth
    return word(body)


def _pages(count: int) -> bytes:
    kids = " ".join(f"{3 + i} 0 R" for i in range(count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return pdf_of(
        [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {count}>>".encode(), *[page] * count]
    )


def _drawing(operators: bytes, *, packed: bool = False) -> bytes:
    data = zlib.compress(operators, 9) if packed else operators
    said = b"/Filter/FlateDecode" if packed else b""
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), said, data),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


def _filters(layers: int) -> bytes:
    """A stream packed again and again."""
    data = b"BT (x) Tj ET" * 200_000
    for _ in range(layers):
        data = zlib.compress(data, 9)
    said = b"/Filter[" + b"/FlateDecode" * layers + b"]"
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
            b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), said, data),
        ]
    )


def _circle() -> bytes:
    """Pages that are their own parents and children."""
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Parent 2 0 R/Count 2>>"])


def _bookmarks_in_circle() -> bytes:
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 6 0 R/Resources<</Font<</F1 7 0 R>>>>>>",
            b"<</Type/Outlines/First 5 0 R/Last 5 0 R/Count 1>>",
            b"<</Title(a)/Parent 4 0 R/Next 5 0 R/First 5 0 R/Dest[3 0 R/XYZ 0 0 0]>>",
            stream("BT /F1 12 Tf 1 1 Td (Text of the page) Tj ET"),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )


ENCODED: Mapping[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n\t\r\n" * 1000,
    "a byte order mark alone": b"\xef\xbb\xbf",
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf# a\n\ntext",
    "half a character": b"# a\n\ntext \xe7\xb4",
    "overlong characters": b"# a\n\n" + b"\xc0\xaf" * 100,
    "surrogates in UTF-8": b"# a\n\n" + b"\xed\xa0\x80" * 100 + b"text",
    "one surrogate in much text": b"# a\n\n" + b"The text is long enough to be repaired. " * 200 + b"\xed\xa0\x80",
    "UTF-16 with half a pair": b"\xff\xfe" + "# a\n\ntext ".encode("utf-16-le") + b"\x00\xd8",
    "UTF-16 of odd length": b"\xff\xfe#\0 \0a",
    "UTF-32 beyond Unicode": b"\xff\xfe\0\0" + b"\xff\xff\xff\x7f",
    "UTF-7": b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "every byte": bytes(range(256)) * 40,
    "high bytes": b"\xff" * 10_000,
    "zero bytes": b"# a\n" + b"\0" * 10_000,
    "controls": b"# a\n" + b"\x1b[31m\x07" * 1000,
    "GBK": "# \u7d22\u5f15\n\n\u7d22\u5f15\u7684\u7cbe\u5ea6\u7531\u53c2\u6570\u51b3\u5b9a\u3002".encode("gbk"),
    "Shift JIS": "# \u624b\u5f15\u304d\n\n\u8a3c\u660e\u66f8\u306e\u66f4\u65b0\u624b\u9806\u3002".encode("shift_jis"),
    "another kind under this name": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "a program": b"\x7fELF" + b"\x02\x01\x01" + b"\0" * 100,
    "a line of five megabytes": b"a " * 2_500_000,
    "half a million headings": b"# a\n" * 500_000,
    "half a million paragraphs": b"a\n\n" * 500_000,
}

ARCHIVES: Mapping[str, tuple[Callable[[], bytes], Fate]] = {
    "no zip": (lambda: b"PK\x03\x04" + b"\0" * 100, Fate.REFUSED),
    "an empty zip": (lambda: zipped({}), Fate.REFUSED),
    "half a zip": (lambda: zipped({"a.md": GOOD * 50})[:80], Fate.REFUSED),
    "a directory alone": (lambda: zipped({"a.md": GOOD})[-100:], Fate.REFUSED),
    "zip in zip": (lambda: _nested(1), Fate.TAKEN),
    "thirty zips in each other": (lambda: _nested(30), Fate.REFUSED),
    "an entry that grows a thousand times": (lambda: zipped({"a.md": b"a" * 30 * MEGABYTE}), Fate.REFUSED),
    "entries that grow together": (
        lambda: zipped({f"{i}.md": b"a" * 900_000 for i in range(300)}),
        Fate.EITHER,
    ),
    "a size of four gigabytes declared": (lambda: _claiming(0xFFFFFFF0), Fate.REFUSED),
    "a size of nothing declared": (lambda: _claiming(0), Fate.EITHER),
    "65,535 entries declared": (lambda: _entries(65_535), Fate.REFUSED),
    "no entry declared": (lambda: _entries(0), Fate.EITHER),
    "three thousand entries": (lambda: zipped({f"{i}.md": b"# a\n" for i in range(3000)}), Fate.EITHER),
    "three hundred entries over one content": (lambda: _overlapping(300), Fate.EITHER),
    "one name three times": (lambda: _three_times("a.md"), Fate.EITHER),
    "names that differ in case": (lambda: zipped({"a.md": GOOD, "A.md": GOOD, "a.MD": GOOD}), Fate.EITHER),
    "names that differ in composition": (lambda: zipped({"\u00e4.md": GOOD, "a\u0308.md": GOOD}), Fate.EITHER),
    "a link out": (lambda: _link("/etc/passwd"), Fate.EITHER),
    "a link upwards": (lambda: _link("../../../../etc/passwd"), Fate.EITHER),
    "a device": (lambda: _special(stat.S_IFCHR), Fate.REFUSED),
    "a pipe": (lambda: _special(stat.S_IFIFO), Fate.REFUSED),
    "a password": (lambda: _flagged(zipped({"a.md": GOOD}), 0x1), Fate.REFUSED),
    "strong encryption": (lambda: _flagged(zipped({"a.md": GOOD}), 0x41), Fate.REFUSED),
    "another method": (lambda: zipped({"a.md": GOOD}, method=zipfile.ZIP_LZMA), Fate.REFUSED),
    "a name upwards": (lambda: renamed(b"../../../pwned.md"), Fate.REFUSED),
    "an absolute name": (lambda: renamed(b"/tmp/pwned.md"), Fate.REFUSED),
    "a name with backslashes": (lambda: renamed(b"docs\\guide\\a.md"), Fate.EITHER),
    "a name upwards with backslashes": (lambda: renamed(b"..\\..\\pwned.md"), Fate.REFUSED),
    "a name in Shift JIS": (lambda: renamed("\u624b\u5f15\u304d.md".encode("shift_jis")), Fate.EITHER),
    "a name in Big5": (lambda: renamed("\u7d22\u5f15\u8aaa\u660e.md".encode("big5")), Fate.EITHER),
    "a name that is no UTF-8 but says so": (lambda: renamed(b"\xff\xfe\xed\xa0\x80.md", utf8=True), Fate.EITHER),
    "a name with a surrogate that says UTF-8": (lambda: renamed(b"a\xed\xa0\x80.md", utf8=True), Fate.EITHER),
    "a name with a zero byte": (lambda: renamed(b"a\0b.md"), Fate.EITHER),
    "a name of sixty thousand bytes": (lambda: zipped({"a" * 60_000 + ".md": GOOD}), Fate.REFUSED),
    "a thousand folders deep": (lambda: zipped({"a/" * 1000 + "a.md": GOOD}), Fate.REFUSED),
    "an export of Notion": (
        lambda: zipped({f"Page {'0123456789abcdef' * 2}.md": GOOD, f"Page {'0123456789abcdef' * 2}/b.csv": b"a,b"}),
        Fate.EITHER,
    ),
    "what macOS adds": (lambda: zipped({"__MACOSX/._a.md": b"\0\x05\x16\x07", "a.md": GOOD}), Fate.TAKEN),
}

OFFICE: Mapping[str, tuple[str, Callable[[], bytes], Fate]] = {
    "a Word file of one long run": ("a.docx", lambda: word(paragraph(run("word " * 4_000_000))), Fate.EITHER),
    "a Word file of 300,000 paragraphs": ("a.docx", lambda: word(paragraph(run("x")) * 300_000), Fate.EITHER),
    "a Word table of 200,000 cells": ("a.docx", lambda: word(table(*[["x"] * 100] * 2000)), Fate.EITHER),
    "Word tables in each other": ("a.docx", lambda: word(_tables_within(400)), Fate.EITHER),
    "a Word file nested 20,000 deep": ("a.docx", lambda: _deep_word(20_000), Fate.EITHER),
    "a Word file of entities": ("a.docx", lambda: _word_with("word/document.xml", _laughs()), Fate.REFUSED),
    "a Word file that asks for a file": (
        "a.docx",
        lambda: _word_with("word/document.xml", _external("file:///etc/passwd")),
        Fate.EITHER,
    ),
    "a Word file with a bomb for a style sheet": (
        "a.docx",
        lambda: _word_with("word/styles.xml", b"<a>" + b"<b/>" * 20_000_000 + b"</a>"),
        Fate.EITHER,
    ),
    "a Word file with a bomb beside it": (
        "a.docx",
        lambda: _word_with("word/media/bomb.png", b"\0" * 300 * MEGABYTE),
        Fate.EITHER,
    ),
    "a Word file without a document": ("a.docx", lambda: zipped({"[Content_Types].xml": b"<a/>"}), Fate.REFUSED),
    "a Word file that is none": ("a.docx", lambda: b"PK\x03\x04" + b"x" * 1000, Fate.REFUSED),
    "a Word file that is text": ("a.docx", lambda: GOOD, Fate.REFUSED),
    "a table of a million columns": ("a.csv", lambda: b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000, Fate.REFUSED),
    "a table of one cell": ("a.csv", lambda: b"a,b\n1," + b"x" * 5 * MEGABYTE, Fate.EITHER),
    "a table whose quote never ends": ("a.csv", lambda: b'a,b\n"' + b"x,y\n" * MEGABYTE, Fate.EITHER),
    "a table of quotes": ("a.csv", lambda: b'"' * 5 * MEGABYTE, Fate.EITHER),
    "a table of delimiters": ("a.csv", lambda: b",;|\t" * 100 + b"\n", Fate.REFUSED),
    "a table of NULs": ("a.csv", lambda: b"a,b\n\0\0,\0\0\n", Fate.REFUSED),
    "a table that is an archive": ("a.csv", lambda: zipped({"a.md": GOOD}), Fate.REFUSED),
    "slides that are none": ("a.pptx", lambda: zipped({"ppt/presentation.xml": b"<a/>"}), Fate.REFUSED),
    "slides of entities": ("a.pptx", lambda: zipped({"ppt/presentation.xml": _laughs()}), Fate.REFUSED),
    "a PDF of 20,000 pages": ("a.pdf", lambda: _pages(20_000), Fate.REFUSED),
    "a PDF that is its own page": ("a.pdf", _circle, Fate.REFUSED),
    "a PDF whose bookmarks go round": ("a.pdf", _bookmarks_in_circle, Fate.EITHER),
    "a PDF that unpacks to 200 MB": (
        "a.pdf",
        lambda: _drawing(b"BT (aaaaaaaaaa) Tj ET\n" * 10_000_000, packed=True),
        Fate.EITHER,
    ),
    "a PDF packed five times": ("a.pdf", lambda: _filters(5), Fate.EITHER),
    "a PDF of 100,000 lines": ("a.pdf", lambda: _drawing(b"0 0 m 9 9 l S\n" * 100_000), Fate.EITHER),
    "a PDF of nested arrays": ("a.pdf", lambda: _drawing(b"[" * 500_000 + b"]" * 500_000 + b" TJ"), Fate.EITHER),
    "a PDF of nested states": ("a.pdf", lambda: _drawing(b"q " * 500_000), Fate.EITHER),
    "half a PDF": ("a.pdf", lambda: _pages(3)[:200], Fate.REFUSED),
    "a PDF that is text": ("a.pdf", lambda: GOOD, Fate.REFUSED),
    "HTML 50,000 deep": ("a.html", lambda: b"<div>" * 50_000 + b"x" + b"</div>" * 50_000, Fate.EITHER),
    "HTML lists 5,000 deep": ("a.html", lambda: b"<ul><li>a" * 5_000, Fate.EITHER),
    "HTML quotes 5,000 deep": ("a.html", lambda: b"<blockquote>a" * 5_000, Fate.EITHER),
    "HTML tables 2,000 deep": ("a.html", lambda: b"<table><tr><td>a" * 2_000, Fate.EITHER),
    "HTML of open tags": ("a.html", lambda: b"<" * 500_000, Fate.EITHER),
    "HTML of open comments": ("a.html", lambda: b"<!--" * 200_000, Fate.EITHER),
    "HTML of open attributes": ("a.html", lambda: b"<a b='" * 200_000, Fate.EITHER),
    "HTML of entities": ("a.html", lambda: b"<p>" + b"&amp" * 500_000, Fate.EITHER),
    "HTML of open declarations": ("a.html", lambda: b"<![if a]>" * 100_000, Fate.EITHER),
    "HTML of one-letter elements": ("a.html", lambda: b"<b>a</b> " * 200_000, Fate.EITHER),
    "HTML of pictures with data in single quotes": (
        "a.html",
        lambda: (b"<p>before <img alt=x src='data:image/png;base64," + b"A" * 300 + b"'> kept</p>") * 500,
        Fate.TAKEN,
    ),
    "HTML that refers elsewhere": (
        "a.html",
        lambda: b"<base href='http://127.0.0.1:9/'><link rel=stylesheet href=a.css><p>The text of the page.</p>",
        Fate.TAKEN,
    ),
    "HTML in UTF-7": ("a.html", lambda: b"<meta charset=utf-7><p>+ADw-script+AD4-</p>", Fate.EITHER),
    "HTML in an encoding that is none": (
        "a.html",
        lambda: b"<meta charset='zlib_codec'><p>a \xff\xfe</p>",
        Fate.EITHER,
    ),
    "HTML of a table with a span of a billion": (
        "a.html",
        lambda: b"<table><tr><td colspan=1000000000 rowspan=1000000000>a</td></tr><tr><td>b</td></tr></table>",
        Fate.EITHER,
    ),
    "HTML of a list that begins with a billion digits": (
        "a.html",
        lambda: b"<ol start=" + b"9" * 5000 + b"><li>a</li></ol>",
        Fate.EITHER,
    ),
    "HTML of an address that is none": ("a.html", lambda: b"<p>text <a href='http://[::1'>a</a></p>", Fate.TAKEN),
}


def _three_times(name: str) -> bytes:
    data = zipped({"0.md": GOOD, "1.md": GOOD, "2.md": GOOD}, method=zipfile.ZIP_STORED)
    for number in range(3):
        data = data.replace(b"%d.md" % number, name.encode())
    return data


def _tables_within(depth: int) -> str:
    return "<w:tbl><w:tr><w:tc>" * depth + paragraph(run("x")) + "</w:tc></w:tr></w:tbl>" * depth


def _text(name: str) -> Callable[[], bytes]:
    return lambda: TEXTS[name](TEXT_SIZE).encode("utf-8", "surrogatepass")


def _constant(data: bytes) -> Callable[[], bytes]:
    return lambda: data


FILES: Mapping[str, File] = {
    **{f"name: {id}": File(name, _constant(GOOD)) for id, name in NAMES.items()},
    **{f"bytes: {id}": File("a.md", _constant(data)) for id, data in ENCODED.items()},
    **{f"zip: {id}": File("a.zip", make, fate) for id, (make, fate) in ARCHIVES.items()},
    **{f"office: {id}": File(name, make, fate) for id, (name, make, fate) in OFFICE.items()},
    **{f"text: {id}": File("a.md", _text(id)) for id in TEXTS},
    **{f"html of: {id}": File("a.html", _text(id)) for id in TEXTS if not id.startswith(("merge", "aliases"))},
}
"""By kind and what is wrong with them."""
