"""A PDF's text as Markdown: its bookmarks and pages as headings, larger type as headings below, paragraphs joined.

A PDF knows where letters stand, not what they are: the order is pdfminer's, and a heading is what a bookmark names or
what is set clearly larger than most of the text. Tables with drawn lines are tables; others come out as their cells.
Scanned pages have no letters at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

from rag.errors import DocumentRefused
from rag.messages import reason

from .bookmarks import Bookmark, bookmarks
from .properties import Properties, headed, plain, title_of
from .ruled import tables

LARGER = 1.15
"""Times the size of most letters from which a short block counts as a heading."""
MOST_PAGES = 5_000
"""More pages than any manual has. A page takes some hundredths of a second, and nothing is said meanwhile."""
LONGEST_HEADING = 120
"""Characters."""
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class PageBlock:
    """A paragraph of a page with the size of most of its letters, or a table."""

    text: str
    size: float
    table: bool = False


def pdf_to_markdown(file: BytesIO) -> str:
    """The text of all pages, headed by the file's properties. Raises what pdfminer raises."""
    from pdfminer.high_level import extract_pages
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    document = PDFDocument(PDFParser(file))
    if next(islice(PDFPage.create_pages(document), MOST_PAGES, None), None):
        raise DocumentRefused(reason("convert.too_many_pages", limit=MOST_PAGES))
    pages = [list(_blocks(page)) for page in extract_pages(file)]
    usual = _usual(pages)
    text = "\n\n".join(_markdown(pages, bookmarks(document), usual))
    return headed(text, _said(document, pages, usual))


def _usual(pages: Sequence[Sequence[PageBlock]]) -> float:
    sizes = Counter[float]()
    for page in pages:
        for block in page:
            sizes[block.size] += 0 if block.table else len(block.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _said(document: Any, pages: Sequence[Sequence[PageBlock]], usual: float) -> Properties:
    """Properties of the file; without a title of its own, the largest type on its first page is the title."""
    from pdfminer.utils import decode_text

    info = {
        key: decode_text(value) for each in document.info for key, value in each.items() if isinstance(value, bytes)
    }
    large = [block for block in (pages[0] if pages else ()) if _is_heading(block, usual)]
    largest = max(large, key=lambda block: block.size).text if large else ""
    date = _DATE.match(info.get("ModDate") or info.get("CreationDate") or "")
    return Properties(
        title_of(info.get("Title")) or plain(largest),
        plain(info.get("Keywords")),
        "-".join(date.groups()) if date else "",
    )


def _markdown(pages: Sequence[Sequence[PageBlock]], marks: Sequence[Bookmark], usual: float) -> Iterator[str]:
    """Headings and paragraphs. Every page has its heading below the bookmark it is in, and again below each new one."""
    depth = max((mark.level for mark in marks), default=1)
    for number, page in enumerate(pages):
        page_heading = f"{'#' * (depth + 1)} Page {number + 1}"
        due = [mark for mark in marks if mark.page == number]
        placed = _placed(due, page)
        top = [mark for mark in due if mark not in placed.values()]
        yield from (f"{'#' * mark.level} {_line(mark.title)}" for mark in top)
        if page and 0 not in placed:
            yield page_heading
        for at, block in enumerate(page):
            if at in placed:
                yield f"{'#' * placed[at].level} {_line(block.text)}"
                if at + 1 not in placed and at + 1 < len(page):
                    yield page_heading
            elif block.table:
                yield block.text
            elif _is_heading(block, usual):
                yield f"{'#' * (depth + 2)} {block.text}"
            else:
                yield _paragraph(block.text)


def _placed(due: Sequence[Bookmark], page: Sequence[PageBlock]) -> dict[int, Bookmark]:
    """Bookmarks by the block of the page that is their heading; each block stands after the one before."""
    found: dict[int, Bookmark] = {}
    at = 0
    for mark in due:
        wanted = _bare(mark.title)
        here = next((i for i in range(at, len(page)) if _named(_bare(page[i].text), wanted)), None)
        if here is not None:
            found[here] = mark
            at = here + 1
    return found


def _named(block: str, wanted: str) -> bool:
    """Bookmarks often lack the number that stands before the heading, or have it where the page has not."""
    return block == wanted or (len(wanted) > 3 and block.endswith(wanted) and len(block) - len(wanted) <= 8)


def _bare(text: str) -> str:
    return re.sub(r"[\s.:：、]+", "", text).casefold()


def _line(text: str) -> str:
    return text[:LONGEST_HEADING]


def _is_heading(block: PageBlock, usual: float) -> bool:
    return not block.table and block.size >= LARGER * usual and len(block.text) <= LONGEST_HEADING


def _blocks(page: Any) -> Iterator[PageBlock]:
    """The paragraphs and tables of a page, in reading order."""
    from pdfminer.layout import LTChar, LTTextContainer, LTTextLine

    boxes = [[line for line in box if isinstance(line, LTTextLine)] for box in page if isinstance(box, LTTextContainer)]
    held = tables(page, [line for box in boxes for line in box])
    of_line = {id(line): at for at, (inside, _) in enumerate(held) for line in inside}
    told: set[int] = set()
    for box in boxes:
        for at in dict.fromkeys(of_line[id(line)] for line in box if id(line) in of_line):
            if at not in told:
                told.add(at)
                yield PageBlock(held[at][1], 0.0, table=True)
        lines = [line for line in box if id(line) not in of_line]
        sizes = Counter(round(c.size, 1) for line in lines for c in line if isinstance(c, LTChar))
        text = _joined([line.get_text() for line in lines])
        if text and sizes:
            yield PageBlock(text, sizes.most_common(1)[0][0])


def _joined(lines: list[str]) -> str:
    """Lines as one paragraph: words cut by a hyphen are whole again, Chinese needs no blank between lines."""
    text = "\n".join(" ".join(line.split()) for line in lines if line.strip())
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    text = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])", "", text)
    return text.replace("\n", " ")


def _paragraph(text: str) -> str:
    return re.sub(r"\A(?=#{1,6}\s|[-=]{3,}\s*\Z|```|~~~|>)", r"\\", text)  # letters of the page, no marks of ours
