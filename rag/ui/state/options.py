"""Retrieval options as a browser keeps and sends them, made safe: every value is clamped here, on the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.ledger import Search
from rag.options import TABLE, SetBy, ShownIn, applied, of
from rag.types import RetrievalOptions

NAMES = tuple(option.name for option in of(by=SetBy.READER))
"""Names of the page's options, in the order in which they are sent."""

CHOSEN = "chosen"
"""Key of a reader's chosen options in the browser's store. Earlier versions kept all options, chosen or not."""


def choices(values: Mapping[str, Any]) -> dict[str, Any]:
    """The reader's choices in the values a browser sent, each clamped to its bounds; invalid values are left out."""
    possible = {name: TABLE[name].clamped(values.get(name)) for name in NAMES}
    return {name: value for name, value in possible.items() if value is not None}


def kept_choices(kept: Any, setting: RetrievalOptions) -> dict[str, Any]:
    """The choices a browser keeps; for a store of an earlier version, the values that differ from the settings."""
    if not isinstance(kept, dict):
        return {}
    if CHOSEN in kept:
        return choices(kept[CHOSEN]) if isinstance(kept[CHOSEN], dict) else {}
    usual = packed(setting)
    return {name: value for name, value in choices(kept).items() if value != usual[name]}


def clamped(values: Mapping[str, Any], defaults: RetrievalOptions) -> RetrievalOptions:
    """Options from the values a browser sent; missing or invalid ones fall back to the default."""
    return applied(defaults, reader=choices(values))


def what_if(values: Mapping[str, Any], searches: Sequence[Search]) -> RetrievalOptions:
    """The options of an answer's first search, changed by the values a browser sent; a chunk that none of its searches
    found cannot be pinned or banned."""
    then = searches[0].options
    sent = {option.name: option.clamped(values.get(option.name)) for option in of(shown=ShownIn.WHAT_IF)}
    known = {c.stored.id for search in searches for c in search.candidates}
    return replace(
        applied(then, question={name: value for name, value in sent.items() if value is not None}),
        pinned=tuple(_ids(values.get("pinned"), then.pinned, known))[: int(TABLE["contexts"].high)],
        banned=tuple(_ids(values.get("banned"), then.banned, known)),
    )


def packed(options: RetrievalOptions) -> dict[str, Any]:
    """Options as plain values, in the order of `NAMES`; the inverse of `clamped`."""
    values = {name: TABLE[name].of(options) for name in NAMES}
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}


def standing(usual: RetrievalOptions, chosen: dict[str, Any]) -> dict[str, Any]:
    """The values that apply with the given choices; the page's controls show them while the reader keeps those choices.

    `usual` are the values without any choice: a control that is moved back to its own is no choice any more.
    """
    return {"asked": chosen, "values": packed(applied(usual, reader=chosen)), "usual": packed(usual)}


def _ids(value: Any, default: tuple[str, ...], known: set[str]) -> Iterator[str]:
    sent = value if isinstance(value, list) else default
    return (one for one in dict.fromkeys(x for x in sent if isinstance(x, str)) if one in known)
