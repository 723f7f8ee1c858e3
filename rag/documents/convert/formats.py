"""Formats of files: how one is told, and who turns it into Markdown. A new one is an extension and a converter here."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath

CONVERTED = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".csv": "csv",
    ".tsv": "csv",
}
"""Extension -> kind, for files that become Markdown first."""

TEXT = (".txt",)

PLACE = re.compile(r"(?:Page|Slide) \d+")
"""A heading that says where one is, which is no title."""


def kind_of(name: str) -> str:
    """Kind of a file before it becomes Markdown: markdown, text or one of `CONVERTED`; capitals do not matter."""
    extension = PurePosixPath(name).suffix.lower()
    return CONVERTED.get(extension) or ("text" if extension in TEXT else "markdown")


def extension_of(data: bytes) -> str:
    """Return the extension of a file whose name is not known, from how it begins."""
    head = data[:1024].lstrip()
    if head.startswith(b"PK"):
        return ".pptx" if b"ppt/slides/" in data else ".docx"
    if head.startswith(b"%PDF"):
        return ".pdf"
    return ".html" if head[:15].lower().startswith((b"<!doctype html", b"<html")) else ".md"


def converter(kind: str) -> Callable[[BytesIO], str]:
    """The function that turns a file of that kind into Markdown; its libraries are loaded now."""
    if kind == "pdf":
        from .pdf import pdf_to_markdown as to_markdown
    elif kind == "html":
        from .html import html_to_markdown as to_markdown
    elif kind == "docx":
        from .word import word_to_markdown as to_markdown
    elif kind == "csv":
        from .delimited import delimited_to_markdown as to_markdown
    else:
        from .slides import slides_to_markdown as to_markdown
    return to_markdown
