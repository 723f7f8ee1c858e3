"""HTML to Markdown: what the page is about, without what stands around it on every page of its site."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from bs4 import BeautifulSoup, Tag
from markitdown import DocumentConverterResult
from markitdown.converters import HtmlConverter

from .embedded import without_files
from .properties import Properties, headed, plain, title_of

NO_TEXT = "script, style, noscript, template, svg, iframe, object, nav, [role=navigation], [hidden], [aria-hidden=true]"
AROUND = "body > header:not(:has(h1)), body > footer"
"""Left out where the page does not say what its main part is."""
PERMALINK = "a.headerlink, a.anchor, a.heading-anchor"
"""Signs behind headings that documentation tools make."""
DATES = ("article:modified_time", "article:published_time", "last-modified", "date", "dcterms.modified", "dcterms.date")
OPTIONS = {"table_infer_header": True, "sup_symbol": "<sup>", "sub_symbol": "<sub>"}
"""10<sup>6</sup> is not 106."""
LEAST = 100
"""Characters a main part has: one that is filled by a script is empty here."""


def html_to_markdown(file: BytesIO) -> str:
    """The page's main part, headed by what it says of itself."""
    soup = _soup(file.read())
    for gone in soup.select(f"{NO_TEXT}, {PERMALINK}"):
        gone.decompose()
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
        result = super().convert_string(str(soup), url=url, **{**OPTIONS, **kwargs})
        result.markdown = without_files(result.markdown)
        return result


def _soup(data: bytes) -> BeautifulSoup:
    """UTF-8 where it is, whatever the page says; else as it says, else as it looks."""
    try:
        return BeautifulSoup(data.decode("utf-8-sig"), "html.parser")
    except UnicodeDecodeError:
        return BeautifulSoup(data, "html.parser")


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
