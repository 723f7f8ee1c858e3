"""A PDF's text as Markdown: one heading per page, larger type as headings below it, paragraphs joined.

A PDF knows where letters stand, not what they are: the order is pdfminer's, a heading is what is set clearly larger
than most of the text, and a table comes out as its cells. Scanned pages have no letters at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

LARGER = 1.15
"""Times the size of most letters from which a short block counts as a heading."""
LONGEST_HEADING = 120
"""Characters."""


def pdf_to_markdown(file: BytesIO) -> str:
    """The text of all pages, page numbers as headings. Raises what pdfminer raises."""
    from pdfminer.high_level import extract_pages

    pages = [list(_blocks(page)) for page in extract_pages(file)]
    sizes = Counter[float]()
    for page in pages:
        for text, size in page:
            sizes[size] += len(text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    parts: list[str] = []
    for number, page in enumerate(pages, 1):
        if page:
            parts.append(f"## Page {number}")
        parts += [_markdown(text, heading=size >= LARGER * usual) for text, size in page]
    return "\n\n".join(parts)


def _blocks(page: Any) -> Iterator[tuple[str, float]]:
    """Text and letter size of each block of a page, in reading order."""
    from pdfminer.layout import LTChar, LTTextContainer, LTTextLine

    for box in page:
        if not isinstance(box, LTTextContainer):
            continue
        lines = [line for line in box if isinstance(line, LTTextLine)]
        sizes = Counter(round(c.size, 1) for line in lines for c in line if isinstance(c, LTChar))
        text = _joined([line.get_text() for line in lines] or [box.get_text()])
        if text and sizes:
            yield text, sizes.most_common(1)[0][0]


def _joined(lines: list[str]) -> str:
    """Lines as one paragraph: words cut by a hyphen are whole again, Chinese needs no blank between lines."""
    text = "\n".join(" ".join(line.split()) for line in lines if line.strip())
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    text = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])", "", text)
    return text.replace("\n", " ")


def _markdown(text: str, *, heading: bool) -> str:
    if heading and len(text) <= LONGEST_HEADING:
        return f"### {text}"
    return re.sub(r"\A(?=#{1,6}\s|[-=]{3,}\s*\Z|```|~~~|>)", r"\\", text)  # letters of the page, no marks of ours
