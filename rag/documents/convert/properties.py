"""Properties that a file states apart from its text, written above the Markdown as front matter."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree import ElementTree
from zipfile import ZipFile

LONGEST = 300
"""Characters of a title, or of all tags."""

_CORE = "docProps/core.xml"
_MOST_BYTES = 1_000_000
_SAYS_NOTHING = re.compile(
    r"(?:microsoft (?:word|powerpoint)\b.*|powerpoint.presentation|word document|presentation|document\d*|untitled.*"
    r"|slide \d+|.*\.(?:docx?|pptx?|pdf|dvi|tex|indd|qxd|html?))",
    re.IGNORECASE,
)
"""Titles that programs give and nobody wrote."""


@dataclass(frozen=True, slots=True)
class Properties:
    """Title, tags as they are written, and a date; "" for what is not said."""

    title: str = ""
    tags: str = ""
    date: str = ""
    """Begins as ISO 8601; what follows the day does not matter."""


def headed(markdown: str, said: Properties) -> str:
    """The Markdown below the front matter that says the same; "" where there is no text to describe."""
    if not markdown.strip():
        return ""
    values = {"title": said.title, "tags": said.tags, "date": said.date[:10]}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
    return "\n".join(["---", *lines, "---", "", markdown]) if lines else markdown


def plain(value: object) -> str:
    """One line of text."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value or "")).split())
    return line[:LONGEST]


def title_of(value: object) -> str:
    """A title somebody wrote; "" for one a program made."""
    title = plain(value)
    return "" if _SAYS_NOTHING.fullmatch(title) else title


def office(file: BinaryIO) -> Properties:
    """The core properties of a Word or PowerPoint file. Leaves the file where it was."""
    at = file.tell()
    try:
        with ZipFile(file) as archive:
            if _CORE not in archive.namelist() or archive.getinfo(_CORE).file_size > _MOST_BYTES:
                return Properties()
            found = {each.tag.rpartition("}")[2]: each.text for each in ElementTree.fromstring(archive.read(_CORE))}
    except ElementTree.ParseError:
        return Properties()
    finally:
        file.seek(at)
    return Properties(
        title_of(found.get("title")), plain(found.get("keywords")), plain(found.get("modified") or found.get("created"))
    )
