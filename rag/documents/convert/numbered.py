"""A Word file whose paragraphs are marked with the numbers Word shows before them.

`numbering.xml` says how lists are written, `styles.xml` which styles belong to them, `document.xml` which paragraphs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias
from zipfile import BadZipFile, ZipFile

from lxml import etree

from .numbering import Counter, Instance, ListLevel, Numbered

MARK = "numbered-"
"""Begins the names of bookmarks that lead from a paragraph to its number."""
_DEEPEST = 50
"""Styles based on each other."""
_AROUND_TEXT = ("fldSimple", "dir", "bdo", "ruby", "rubyBase")
"""What only stands around text, which the converter would leave out with it: cross references above all."""
_GONE = ("bookmarkStart", "bookmarkEnd", "rt")
_UNSHOWN = ("del", "moveFrom", "Choice")
"""Around paragraphs that are not shown, or are there twice."""

Element: TypeAlias = Any
"""An element of lxml, whose types are not known."""


@dataclass(frozen=True, slots=True)
class WordParagraph:
    """Of the paragraph with the mark: its number, or how far an unnumbered one is moved in."""

    number: Numbered | None
    indent: int


def with_numbers(file: BytesIO) -> tuple[BytesIO, dict[str, WordParagraph]]:
    """The file with a bookmark in each paragraph that has a number or an indent, and what each of them says.

    The file as it is where its parts cannot be read: that is for the converter to tell.
    """
    at = file.tell()
    try:
        with ZipFile(file) as archive:
            parts = _parts(archive)
            main = _parsed(archive, parts["officeDocument"])
            if main is None:
                raise ValueError("no document")
            marks = _mark(main, _Numbers(_readable(archive, parts["numbering"]), _parsed(archive, parts["styles"])))
            text = etree.tostring(main, encoding="utf-8", xml_declaration=True)
            made = _written(archive, {parts["officeDocument"]: text}, without=parts["numbering"])
    except (etree.XMLSyntaxError, BadZipFile, ValueError):
        file.seek(at)
        return file, {}
    return made, marks


# ---- the parts of the file -------------------------------------------------------------------------------------------


def _parts(archive: ZipFile) -> dict[str, str]:
    """Paths of the parts that are read, by the kind of their relation."""
    main = _related(archive, "", "_rels/.rels").get("officeDocument", "word/document.xml")
    folder, name = posixpath.split(main)
    usual = {kind: posixpath.join(folder, f"{kind}.xml") for kind in ("numbering", "styles")}
    found = _related(archive, folder, posixpath.join(folder, "_rels", f"{name}.rels"))
    return {**usual, **found, "officeDocument": main}


def _related(archive: ZipFile, folder: str, path: str) -> dict[str, str]:
    there = set(archive.namelist())
    found: dict[str, str] = {}
    root = _parsed(archive, path)
    for each in root if root is not None else ():
        target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/")
        if target in there:
            found.setdefault(each.get("Type", "").rpartition("/")[2], target)
    return found


def _parsed(archive: ZipFile, path: str) -> Element | None:
    """The root of a part; None where there is none. No entity in it is resolved."""
    if path not in archive.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(archive.read(path), parser)


def _readable(archive: ZipFile, path: str) -> Element | None:
    """Like `_parsed`, but None also for one that is broken."""
    try:
        return _parsed(archive, path)
    except etree.XMLSyntaxError:
        return None


def _written(archive: ZipFile, changed: Mapping[str, bytes], *, without: str) -> BytesIO:
    made = BytesIO()
    with ZipFile(made, "w") as written:
        for name in dict.fromkeys(archive.namelist()):
            if name != without:  # the converter would make lists of its own of it, with numbers of its own
                written.writestr(name, changed[name] if name in changed else archive.read(name))
    made.seek(0)
    return made


# ---- the paragraphs --------------------------------------------------------------------------------------------------


def _mark(main: Element, numbers: _Numbers) -> dict[str, WordParagraph]:
    space = main.tag.rpartition("}")[0]
    wordml = f"{space}}}" if space else ""
    for gone in list(main.iter(*(wordml + name for name in _GONE))):
        gone.getparent().remove(gone)
    for around in list(main.iter(*(wordml + name for name in _AROUND_TEXT))):
        above = around.getparent()
        place = above.index(around)
        above[place : place + 1] = list(around)
    marks: dict[str, WordParagraph] = {}
    for paragraph in main.iter(f"{wordml}p"):
        if any(_local(above) in _UNSHOWN for above in paragraph.iterancestors()):
            continue
        if (marked := numbers.of(paragraph)) is not None:
            name = f"{MARK}{len(marks)}"
            marks[name] = marked
            paragraph.insert(0, main.makeelement(f"{wordml}bookmarkStart", {f"{wordml}name": name}))
    return marks


class _Numbers:
    """The numbers of paragraphs, each asked for once, in their order."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._styles = {_attribute(each, "styleId"): each for each in _children(styles, "style")}
        default = (name for name, each in self._styles.items() if _is_default(each))
        self._default = next(default, "")
        families = {_attribute(each, "abstractNumId"): each for each in _children(numbering, "abstractNum")}
        instances = {_attribute(each, "numId"): each for each in _children(numbering, "num")}
        self._counter = Counter(
            {name: _levels(each) for name, each in families.items()},
            {
                name: Instance(self._family(each, families, instances), _starts(each), _own_levels(each))
                for name, each in instances.items()
            },
        )

    def of(self, paragraph: Element) -> WordParagraph | None:
        """The number and the indent of a paragraph; None where it has neither."""
        said = _child(paragraph, "pPr")
        if _child(said, "rPr", "del") is not None:  # it is one with the next
            return None
        styles = list(self._based(_value(said, "pStyle") or self._default))
        found = self._counter.next(*self._place(said, styles))
        indents = [_indent(said), found.indent if found else None, *(_indent(_child(s, "pPr")) for s in styles)]
        indent = next((each for each in indents if each is not None), 0)
        return WordParagraph(found, indent) if found or indent > 0 else None

    def _place(self, said: Element | None, styles: Sequence[Element]) -> tuple[str, int]:
        """The list and the level of a paragraph; "" for no list."""
        of_styles = [_child(each, "pPr") for each in styles]
        number = next(filter(None, (_value(each, "numPr", "numId") for each in (said, *of_styles))), "")
        level = _value(said, "numPr", "ilvl")
        if level.isdigit():
            return number, int(level[:2])
        kept = (self._counter.level_of_style(number, _attribute(each, "styleId")) for each in styles)
        level = next(filter(None, (_value(each, "numPr", "ilvl") for each in of_styles)), "")
        usual = int(level[:2]) if level.isdigit() and not _value(said, "numPr", "numId") else 0
        return number, next((each for each in kept if each is not None), usual)

    def _based(self, name: str) -> Iterator[Element]:
        """A style and those it is based on."""
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = _value(style, "basedOn")

    def _family(self, instance: Element, families: Mapping[str, Element], instances: Mapping[str, Element]) -> str:
        """The family of a list, also where a style says which it is."""
        family = _value(instance, "abstractNumId")
        for _ in range(_DEEPEST):
            link = _value(families.get(family), "numStyleLink")
            style = self._styles.get(link)
            linked = instances.get(_value(style, "pPr", "numPr", "numId"))
            if not link or linked is None:
                break
            family = _value(linked, "abstractNumId")
        return family


def _is_default(style: Element) -> bool:
    return _attribute(style, "type") in ("", "paragraph") and _attribute(style, "default") in ("1", "true", "on")


def _levels(family: Element) -> dict[int, ListLevel]:
    return {_whole(_attribute(each, "ilvl")) or 0: _level(each) for each in _children(family, "lvl")}


def _own_levels(instance: Element) -> dict[int, ListLevel]:
    said = ((each, _child(each, "lvl")) for each in _children(instance, "lvlOverride"))
    return {_whole(_attribute(each, "ilvl")) or 0: _level(level) for each, level in said if level is not None}


def _starts(instance: Element) -> dict[int, int]:
    said = ((each, _whole(_value(each, "startOverride"))) for each in _children(instance, "lvlOverride"))
    return {_whole(_attribute(each, "ilvl")) or 0: start for each, start in said if start is not None}


def _level(each: Element) -> ListLevel:
    start = _whole(_value(each, "start"))  # Word counts from 0 without it, but no program leaves it out for that
    legal = _child(each, "isLgl")
    return ListLevel(
        start=1 if start is None else start,
        style=_value(each, "numFmt") or "decimal",
        text=_value(each, "lvlText"),
        legal=legal is not None and _attribute(legal, "val") not in ("0", "false", "off"),
        restart=_whole(_value(each, "lvlRestart")),
        glued=_value(each, "suff") == "nothing",
        paragraph_style=_value(each, "pStyle"),
        indent=_indent(_child(each, "pPr")),
    )


# ---- XML, whichever of Word's two namespaces it is in ----------------------------------------------------------------


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element | None, name: str) -> list[Element]:
    return [each for each in element if _local(each) == name] if element is not None else []


def _child(element: Element | None, *path: str) -> Element | None:
    for name in path:
        element = next(iter(_children(element, name)), None)
    return element


def _attribute(element: Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _value(element: Element | None, *path: str) -> str:
    found = _child(element, *path)
    return _attribute(found, "val") if found is not None else ""


def _indent(said: Element | None) -> int | None:
    """How far a paragraph is moved in, in twentieths of a point."""
    found = _child(said, "ind")
    if found is None:
        return None
    return _whole(_attribute(found, "left") or _attribute(found, "start"))


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else None
