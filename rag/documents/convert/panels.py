"""Text that a page hides until a click: tabs, accordions, foldable parts. It is read like what is shown from the start.

A panel is what something on the page opens: it has the role of one, or what can be clicked leads to it. Whatever else
is hidden was never meant to be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bs4 import BeautifulSoup, Tag

from .properties import plain
from .tables import HEADINGS

LONGEST_LABEL = 200
"""Characters of the name of a panel; what is longer is text of its own."""
MOST_SETS = 500
"""Sets of tabs on a page."""
HIGHEST = 5
"""Levels above its tabs within which the panels of a set lie."""

_HIDDEN = "[hidden], [aria-hidden=true], [style*=display], [style*=visibility], dialog:not([open])"
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CLICKED = "button, a, summary, [role=tab], [role=button], [onclick], [aria-expanded], [aria-controls]"
_LEADING = ("aria-controls", "href", "data-target", "data-bs-target", "data-tab", "data-tab-target")
_QUOTED = re.compile(r"['\"]#?([\w:.-]{1,100})['\"]")
_NEVER_READ = re.compile(
    r"menu|modal|dialog|tooltip|popover|popup|overlay|cookie|consent|drawer|sidebar|search|dropdown|listbox|lightbox"
    r"|template|skeleton|spinner|loading|navigation",
    re.IGNORECASE,
)
"""Ids, classes and roles of what opens at a click as well, and is no text of the page."""
_PANEL = re.compile(
    r"\b(?:tab-?(?:pane|panel|content|body)|accordion|collaps|foldable|expand|faq|answer)", re.IGNORECASE
)
_OPENER = re.compile(r"accordion|collaps|expand|toggle|faq|question", re.IGNORECASE)
_SETS = (
    (".tabbed-set:has(.tabbed-labels)", ".tabbed-labels > label", ".tabbed-block"),
    (".tabbed-set", ":scope > label", ":scope > .tabbed-content"),
    (".sd-tab-set", ":scope > label", ":scope > .sd-tab-content"),
    (".vp-code-group", ".tabs > label", ".blocks > *"),
)
"""Sets of tabs that are labels and nothing else: Material for MkDocs, sphinx-design, VitePress."""
_NO_PANELS = ("nav", "header", "footer", "aside", "form", "dialog", "a", "span", "i", "b", "em", "img", "svg", "input")
_TITLES = [*HEADINGS, "summary"]
_TABS = re.compile(r"tab|accordion|pill", re.IGNORECASE)


Openers = dict[str, list[Tag]]


def open_panels(soup: BeautifulSoup) -> None:
    """Show what a click would show, each panel below the name it is opened by; what stays hidden then is taken out."""
    openers = _openers(soup)
    panels: dict[int, Tag] = {}
    for panel, tab in _by_place(soup):
        openers.setdefault(_key(panel), []).append(tab)
        panels[id(panel)] = panel
    hidden = [each for each in soup.select(_HIDDEN) if _is_hidden(each)]
    for each in [*soup.select("[role=tabpanel]"), *(each for each in hidden if _is_panel(each, openers))]:
        panels[id(each)] = each
    panels |= {id(each): each for each in _beside(soup, panels.values(), openers)}
    for panel in panels.values():
        for attribute in ("hidden", "aria-hidden", "style"):
            del panel[attribute]
        _label(soup, panel, openers.get(_key(panel), ()))
    for each in hidden:
        if id(each) not in panels and not each.decomposed and each.find(["main", "h1"]) is None:
            each.decompose()
    _name_folds(soup)


def _key(panel: Tag) -> str:
    return str(panel.get("id") or f" {id(panel)}")


def _openers(soup: BeautifulSoup) -> Openers:
    """What can be clicked, by the ids it leads to."""
    found: Openers = {}
    for each in soup.select(_CLICKED):
        if each.get("aria-haspopup"):
            continue
        leads = [one.removeprefix("#") for name in _LEADING for one in str(each.get(name) or "").split()]
        for one in dict.fromkeys([*leads, *_QUOTED.findall(str(each.get("onclick") or ""))]):
            found.setdefault(one, []).append(each)
    tabs = {str(tab["id"]): tab for tab in soup.select("[role=tab][id]")}
    for panel in soup.select("[role=tabpanel][aria-labelledby]"):
        known = found.setdefault(_key(panel), [])
        known += [tabs[name] for name in str(panel["aria-labelledby"]).split() if name in tabs and not known]
    return found


def _by_place(soup: BeautifulSoup) -> Iterator[tuple[Tag, Tag]]:
    """Panels with the tabs that open them, where there are as many of both in a set: they come in one order."""
    seen: set[int] = set()
    for tabs, panels in _sets(soup):
        if len(tabs) == len(panels) and not any(id(each) in seen for each in (*tabs, *panels)):
            seen.update(map(id, (*tabs, *panels)))
            yield from zip(panels, tabs, strict=True)


def _sets(soup: BeautifulSoup) -> Iterator[tuple[Sequence[Tag], Sequence[Tag]]]:
    for around, tabs, panels in _SETS:
        for each in soup.select(around, limit=MOST_SETS):
            yield each.select(tabs), each.select(panels)
    within: dict[int, list[Tag]] = {}
    for tablist in soup.select("[role=tablist]", limit=MOST_SETS):
        tabs_there = tablist.select("[role=tab]")
        if any(tab.get("aria-controls") for tab in tabs_there):
            continue
        for above, _ in zip(tablist.parents, range(HIGHEST), strict=False):
            if id(above) not in within:
                within[id(above)] = _outer_panels(above)
            if found := within[id(above)]:
                yield tabs_there, found
                break


def _outer_panels(above: Tag) -> list[Tag]:
    """The panels below `above` that are in no other one of them."""
    found = above.select("[role=tabpanel]")
    inner = {id(each) for panel in found for each in panel.select("[role=tabpanel]")}
    return [panel for panel in found if id(panel) not in inner]


def _beside(soup: BeautifulSoup, panels: Iterable[Tag], openers: Openers) -> Iterator[Tag]:
    """The panels that are open from the start: what is opened by the neighbours of what opens others."""
    groups = {id(_group(each)) for panel in panels for each in openers.get(_key(panel), ()) if _is_name(each)}
    for each in soup.select("[id]") if groups else ():
        names = [one for one in openers.get(_key(each), ()) if _is_name(one)]
        if any(id(_group(one)) in groups for one in names) and each.name not in _NO_PANELS:
            yield each


def _group(opener: Tag) -> Tag | None:
    above = opener.parent
    return above.parent if above is not None and above.name == "li" else above


def _is_hidden(each: Tag) -> bool:
    if each.name in ("html", "body", "main"):
        return False
    if each.has_attr("hidden") or each.get("aria-hidden") == "true" or each.name == "dialog":
        return True
    return _UNSEEN.search(str(each.get("style") or "")) is not None


def _is_panel(each: Tag, openers: Openers) -> bool:
    """True for hidden text that a click shows."""
    said = " ".join([*each.get_attribute_list("class"), str(each.get("id") or ""), str(each.get("role") or "")])
    if each.name in _NO_PANELS or _NEVER_READ.search(said):
        return False
    if each.get("hidden") == "until-found" or _key(each) in openers or _PANEL.search(said):
        return True
    before = each.find_previous_sibling()
    if before is None or each.get("aria-hidden") == "true":
        return False
    return _clicks(before) or before.find(_clicks) is not None


def _clicks(tag: Tag) -> bool:
    if tag.has_attr("aria-haspopup"):
        return False
    return tag.name == "button" or any(tag.has_attr(name) for name in ("onclick", "aria-expanded", "aria-controls"))


def _label(soup: BeautifulSoup, panel: Tag, openers: Sequence[Tag]) -> None:
    """The name of the panel above its text; what opened it goes, as it has nothing to open any more."""
    names = [each for each in openers if not each.decomposed and _is_name(each)]
    if any(each.find_parent(_TITLES) or each.find(HEADINGS) or each.name in _TITLES for each in names):
        return  # it has a heading of its own
    said = next(filter(None, (_words(each) for each in names)), "") or plain(panel.get("aria-label"))
    for each in names:
        _remove(each)
    if said and len(said) <= LONGEST_LABEL and not plain(panel.get_text(" ")).startswith(said):
        panel.insert(0, _bold(soup, said))


def _is_name(opener: Tag) -> bool:
    """False for a link in the text that happens to lead there."""
    if opener.name != "a" or opener.get("role") in ("tab", "button"):
        return True
    marks = ("aria-controls", "aria-expanded", "data-toggle", "data-bs-toggle", "onclick")
    return any(opener.has_attr(mark) for mark in marks) or opener.find_parent(class_=_TABS) is not None


def _words(opener: Tag) -> str:
    for icon in opener.select("[aria-hidden=true]"):
        icon.decompose()
    return plain(opener.get_text(" "))


def _remove(opener: Tag) -> None:
    above = opener.parent
    opener.decompose()
    while above is not None and above.name in ("li", "ul", "ol") and not above.get_text(strip=True):
        gone, above = above, above.parent
        gone.decompose()


def _bold(soup: BeautifulSoup, text: str) -> Tag:
    line, name = soup.new_tag("p"), soup.new_tag("strong")
    name.string = text
    line.append(name)
    return line


def _name_folds(soup: BeautifulSoup) -> None:
    """What folds open has its name in a line of its own."""
    for each in soup.select("summary, button"):
        if each.name == "button" and not _OPENER.search(" ".join(each.get_attribute_list("class"))):
            continue
        if each.find(HEADINGS) or each.find_parent(HEADINGS) or not _words(each):
            each.unwrap()
        else:
            name = soup.new_tag("strong")
            name.extend(list(each.contents))
            each.name, each.attrs = "p", {}
            each.append(name)
