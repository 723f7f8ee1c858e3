"""PowerPoint to Markdown: a heading for every slide, its lines apart, its tables, and what its speaker says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

from markitdown import StreamInfo
from markitdown.converters import PptxConverter

from .embedded import without_files
from .package import check_package
from .properties import headed, office

NOTES = "Notes"
_PICTURE = re.compile(r"!\[([^\[\]]*+)\]\([^()]*+\)")
_NAMED_BY_A_PROGRAM = re.compile(
    r"(?:picture|image|graphic|content placeholder|图片|图像|内容占位符)\s*\d*"
    r"|\S+\.(?:png|jpe?g|gif|bmp|svg|emf|wmf|tiff?)",
    re.IGNORECASE,
)


def slides_to_markdown(file: BytesIO) -> str:
    """`# Slide 3: its title` and what is on it, headed by the file's properties. Raises what the libraries raise."""
    check_package(file, "pptx")
    said = office(file)
    converter = PptxConverter()  # type: ignore[no-untyped-call]
    text = without_files(str(converter.convert(file, StreamInfo(extension=".pptx")).markdown))
    parts = re.split(r"<!-- Slide number: (\d+) -->", text)
    found = [_slide(number, body) for number, body in zip(parts[1::2], parts[2::2], strict=True)]
    said = replace(said, title=said.title or next((title for title, _ in found if title), ""))
    return headed("\n\n".join(slide for _, slide in found), said)


def _slide(number: str, body: str) -> tuple[str, str]:
    """Title and Markdown of one slide; what was a heading on it goes one level down."""
    title, rest = "", body.strip()
    if found := re.match(r"# ([^\n]*)\n?", rest):
        title, rest = found[1].strip(), rest[found.end() :].strip()
    rest = re.sub(r"^### Notes:$", f"### {NOTES}", rest, flags=re.MULTILINE)
    rest = re.sub(r"^(#{1,5}) ", r"#\1 ", rest, flags=re.MULTILINE)
    head = f"# Slide {number}: {title}" if title else f"# Slide {number}"
    return title, "\n".join([head, "", *_lines(rest)]).strip()


def _lines(text: str) -> Iterator[str]:
    """Lines with blank ones between them but in tables: a slide's lines are points, not one sentence."""
    before = ""
    for line in text.splitlines():
        line = _PICTURE.sub(lambda found: "" if _NAMED_BY_A_PROGRAM.fullmatch(found[1].strip()) else found[0], line)
        if not line.strip():
            continue
        if before and not (line.startswith("|") and before.startswith("|")):
            yield ""
        yield line
        before = line
