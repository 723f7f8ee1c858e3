"""Headings and terms of HTML as the words alone: without the signs that link to them."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

from .properties import plain
from .tables import HEADINGS

PERMALINK = (
    "a.headerlink, a.header-anchor, a.hash-link, a.anchor, a.anchor-link, a.anchorjs-link, a.heading-anchor"
    ", a.heading-link, a.permalink, a.sl-anchor-link, :is(h1, h2, h3, h4, h5, h6) a[href^='#']"
)
"""Signs beside headings that documentation tools make; some make the whole heading such a link."""

_SAYS_IT_IS_ONE = re.compile(
    r"(?:section titled|perma(?:nent )?link|direct link|copy link|link to|link$|anchor)|永久链接|直达|链接|锚点",
    re.IGNORECASE,
)
_UNSEEN = str.maketrans("", "", "\u200b\u2060\ufeff\u00ad")
"""Characters without width. Joiners, which Persian and emoji are written with, stay."""
_BLOCKS = ["p", "div", "ul", "ol", "table", "pre", "blockquote", "section", "details", *HEADINGS]


def plain_headings(soup: BeautifulSoup) -> None:
    """Every heading as its words alone."""
    lengths = {id(heading): len(_words(heading)) for heading in soup.find_all(HEADINGS)}
    for link in soup.select(PERMALINK):
        if _is_sign(link, lengths.get(id(link.find_parent(HEADINGS)))):
            link.decompose()
        else:
            link.unwrap()
    for heading in soup.find_all(HEADINGS):
        for text in heading.find_all(string=True):
            text.replace_with(text.translate(_UNSEEN))


def _is_sign(link: Tag, length: int | None) -> bool:
    """True for a link that says nothing of the heading of `length` characters that it is in; None for in none."""
    words = _words(link)
    if length is None or not any(map(str.isalnum, words)):
        return True
    return len(words) < length and _SAYS_IT_IS_ONE.match(words) is not None


def _words(tag: Tag) -> str:
    return plain(tag.get_text(" ").translate(_UNSEEN))


def plain_definitions(soup: BeautifulSoup) -> None:
    """Terms in bold, what they mean behind them, or below where it is more than a line."""
    for whole in reversed(soup.find_all("dl")):  # inner ones first
        term: Tag | None = None
        for each in whole.find_all(["dt", "dd"]):
            if each.name == "dt":
                term = _term(soup, each)
            elif term is None or each.find(_BLOCKS) not in (None, _only(each)):
                each.name, term = "div", None
            else:
                if only := _only(each):
                    only.unwrap()
                term.append(": ")
                term.extend(list(each.contents))
                each.decompose()
                term = None
        whole.name = "div"


def _term(soup: BeautifulSoup, each: Tag) -> Tag:
    name = soup.new_tag("strong")
    if each.find(["em", "strong", "b", "i"]):
        name.string = plain(each.get_text(" "))
    else:
        name.extend(list(each.contents))
    each.clear()
    each.append(name)
    each.name = "p"
    return each


def _only(each: Tag) -> Tag | None:
    """The one paragraph that is all of it."""
    parts = [part for part in each.contents if isinstance(part, Tag) or str(part).strip()]
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Tag) and parts[0].name == "p" else None
