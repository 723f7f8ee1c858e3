"""Word to Markdown: with the numbers Word shows, and notes below the paragraph that refers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

from bs4 import BeautifulSoup, Tag
from markitdown import DocumentConverterResult, StreamInfo
from markitdown.converters import DocxConverter

from .html import PlainHtml
from .lists import place_numbers
from .numbered import WordParagraph, with_numbers
from .package import check_package
from .properties import headed, office, plain

STYLES = "p[style-name='Title'] => h1:fresh"
BLOCKS = ("p", "table", "ol", "ul", "h1", "h2", "h3", "h4", "h5", "h6")


def word_to_markdown(file: BytesIO) -> str:
    """The document's text, headed by its properties. Raises what the libraries raise."""
    check_package(file, "docx")
    said = office(file)
    numbered, marks = with_numbers(file)
    converter = _Word(marks)
    text = str(converter.convert(numbered, StreamInfo(extension=".docx"), style_map=STYLES).markdown)
    if converter.title or said.title:
        said = replace(said, title=converter.title or said.title)
    if said.title and text.strip() and not any(line.startswith("#") for line in text.splitlines()):
        text = f"# {said.title}\n\n{text}"
    return headed(text, said)


class _Word(DocxConverter):  # type: ignore[misc,unused-ignore]
    """The library's converter; `title` is the paragraph that Word itself calls the title."""

    def __init__(self, marks: Mapping[str, WordParagraph]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.noted = self._html_converter = _Noted(marks)

    @property
    def title(self) -> str:
        return self.noted.title


class _Noted(PlainHtml):
    """Writes numbers before what they number, and moves notes from the end to where they are referred to."""

    def __init__(self, marks: Mapping[str, WordParagraph]) -> None:
        super().__init__()
        self.title = ""
        self._marks = marks

    def convert_string(self, html_content: str, *, url: str | None = None, **kwargs: Any) -> DocumentConverterResult:
        soup = BeautifulSoup(html_content, "html.parser")
        heads = soup.find_all("h1")
        first = next((each for each in soup.children if isinstance(each, Tag)), None)
        self.title = plain(heads[0].get_text(" ")) if heads and heads[0] is first else ""
        place_numbers(soup, self._marks)
        _place_notes(soup)
        return super().convert_string(str(soup), url=url, **kwargs)


def _place_notes(soup: BeautifulSoup) -> None:
    notes = {str(note.get("id")): note for note in soup.select("li[id^=footnote-], li[id^=endnote-]")}
    lists = {id(note.parent): note.parent for note in notes.values() if note.parent}
    after: dict[int, Tag] = {}
    for back in soup.select("li[id^=footnote-] a[href*='-ref-'], li[id^=endnote-] a[href*='-ref-']"):
        back.decompose()
    for link in soup.select("a[href^='#footnote-'], a[href^='#endnote-']"):
        note = notes.get(str(link["href"])[1:])
        if note is None:
            continue
        number = plain(link.get_text()).strip("[]")
        block = next((each for each in reversed(list(link.parents)) if each.name in BLOCKS), None)
        above = link.parent if link.parent and link.parent.name == "sup" else link
        above.replace_with(_raised(number))
        if block is None:
            continue
        placed = soup.new_tag("p")
        placed.extend([_raised(number), f" {plain(note.get_text(' '))}"])
        (after.get(id(block)) or block).insert_after(placed)
        after[id(block)] = placed
    for each in lists.values():
        each.decompose()


def _raised(number: str) -> Tag:
    made = BeautifulSoup("", "html.parser").new_tag("sup")
    made.string = number
    return made
