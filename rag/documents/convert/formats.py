"""Format of a file, by its name alone. Pure."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

CONVERTED = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
}
"""Extension -> kind, for files that become Markdown first."""

TEXT = (".txt",)

PLACE = re.compile(r"(?:Page|Slide) \d+")
"""A heading that says where one is, which is no title."""


def kind_of(name: str) -> str:
    """Kind of a file before it becomes Markdown: markdown, text, html, pdf, docx or pptx; capitals do not matter."""
    extension = PurePosixPath(name).suffix.lower()
    return CONVERTED.get(extension) or ("text" if extension in TEXT else "markdown")
