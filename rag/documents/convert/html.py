"""HTML to Markdown: what the page is about, without what stands around it on every page of its site."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from bs4 import BeautifulSoup, Tag, UnicodeDammit
from markitdown import DocumentConverterResult
from markitdown.converters import HtmlConverter

from .embedded import without_files
from .headings import plain_definitions, plain_headings
from .panels import open_panels
from .properties import Properties, headed, plain, title_of
from .tables import plain_tables

NO_TEXT = "script, style, noscript, template, svg, iframe, object"
NO_PART = "nav, [role=navigation], button.copy, pre button, div[class*=language-] > .lang"
"""Ways to other pages, and what is to be clicked beside code."""
AROUND = "body > header:not(:has(h1)), body > footer"
"""Left out where the page does not say what its main part is."""
DATES = ("article:modified_time", "article:published_time", "last-modified", "date", "dcterms.modified", "dcterms.date")
OPTIONS = {"table_infer_header": True, "sup_symbol": "<sup>", "sub_symbol": "<sub>"}
"""10<sup>6</sup> is not 106."""
LEAST = 100
"""Characters a main part has: one that is filled by a script is empty here."""


def html_to_markdown(file: BytesIO) -> str:
    """The page's main part, headed by what it says of itself."""
    soup = _soup(file.read())
    _without(soup, NO_TEXT)
    open_panels(soup)
    _without(soup, NO_PART)
    plain_headings(soup)
    plain_definitions(soup)
    said = _said(soup)
    text = PlainHtml().convert_string(str(_main(soup))).markdown
    if said.title and text.strip() and not re.search(r"^#{1,6} ", text, re.MULTILINE):
        text = f"# {said.title}\n\n{text}"
    return headed(text, said)


class PlainHtml(HtmlConverter):  # type: ignore[misc,unused-ignore]
    """The library's converter with tables that have a head, and pictures that are words or nothing."""

    def convert_string(self, html_content: str, *, url: str | None = None, **kwargs: Any) -> DocumentConverterResult:
        """Markdown of HTML whose encoding is known."""
        soup = BeautifulSoup(html_content, "html.parser")
        for image in soup.find_all("img"):
            if not str(image.get("alt") or "").strip():
                image.decompose()  # decoration, by the rules of HTML: nothing to read or to search
        plain_tables(soup)
        result = super().convert_string(str(soup), url=url, **{**OPTIONS, **kwargs})
        result.markdown = without_files(result.markdown)
        return result


def _without(soup: BeautifulSoup, parts: str) -> None:
    for gone in soup.select(parts):
        gone.decompose()


def _soup(data: bytes) -> BeautifulSoup:
    """UTF-8 where it is, whatever the page says; else as it says, else as it looks. Ends of cells and items that are
    left out, as HTML allows, are there."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = UnicodeDammit(data, is_html=True).unicode_markup or ""
    return BeautifulSoup(text, "lxml")


def _main(soup: BeautifulSoup) -> Tag:
    mains = soup.select("main, [role=main]") or soup.find_all("article")
    if len(mains) == 1 and len(mains[0].get_text(strip=True)) >= LEAST:
        return mains[0]
    for gone in soup.select(AROUND):
        gone.decompose()
    if soup.title:
        soup.title.decompose()  # of a page without head and body
    return soup.body or soup


def _said(soup: BeautifulSoup) -> Properties:
    """The only first-level heading is the title, else what the browser's tab shows."""
    meta = {
        str(each.get("name") or each.get("property") or each.get("http-equiv") or "").lower(): plain(each["content"])
        for each in soup.find_all("meta", content=True)
    }
    heads = soup.find_all("h1")
    title = plain(heads[0].get_text(" ")) if len(heads) == 1 else ""
    title = title or title_of(soup.title.get_text(" ") if soup.title else "")
    date = next((meta[key] for key in DATES if re.match(r"\d{4}-\d\d-\d\d", meta.get(key, ""))), "")
    return Properties(title, meta.get("keywords", ""), date)
