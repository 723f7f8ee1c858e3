"""What a browser remembers and sends as retrieval options, made safe: everything is clamped here, on the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.ledger import Search
from rag.options import TABLE, SetBy, ShownIn, applied, of
from rag.types import RetrievalOptions

NAMES = tuple(option.name for option in of(by=SetBy.READER))
"""The order in which the page's options travel."""

CHOSEN = "chosen"
"""Where a browser keeps the options its reader chose. Earlier versions kept all of them, without saying which."""


def choices(values: Mapping[str, Any]) -> dict[str, Any]:
    """The reader's choices of whatever a browser sent, each within its bounds; what is no such value is none."""
    possible = {name: TABLE[name].clamped(values.get(name)) for name in NAMES}
    return {name: value for name, value in possible.items() if value is not None}


def kept_choices(kept: Any, setting: RetrievalOptions) -> dict[str, Any]:
    """The choices a browser keeps. Of all values an earlier version kept, those that differ from the settings'."""
    if not isinstance(kept, dict):
        return {}
    if CHOSEN in kept:
        return choices(kept[CHOSEN]) if isinstance(kept[CHOSEN], dict) else {}
    usual = packed(setting)
    return {name: value for name, value in choices(kept).items() if value != usual[name]}


def clamped(values: Mapping[str, Any], defaults: RetrievalOptions) -> RetrievalOptions:
    """Options from whatever a browser sent; what is missing or no such value falls back to the default."""
    return applied(defaults, reader=choices(values))


def what_if(values: Mapping[str, Any], searches: Sequence[Search]) -> RetrievalOptions:
    """The options of the first search of an answer, changed by what a browser sent; what none of its searches found
    cannot be pinned."""
    then = searches[0].options
    sent = {option.name: option.clamped(values.get(option.name)) for option in of(shown=ShownIn.WHAT_IF)}
    known = {c.stored.id for search in searches for c in search.candidates}
    return replace(
        applied(then, question={name: value for name, value in sent.items() if value is not None}),
        pinned=tuple(_ids(values.get("pinned"), then.pinned, known))[: int(TABLE["contexts"].high)],
        banned=tuple(_ids(values.get("banned"), then.banned, known)),
    )


def packed(options: RetrievalOptions) -> dict[str, Any]:
    """The inverse: plain values, in the order of `NAMES`."""
    values = {name: TABLE[name].of(options) for name in NAMES}
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}


def standing(usual: RetrievalOptions, chosen: dict[str, Any]) -> dict[str, Any]:
    """What applies with the choices it was asked for: the page's controls show it as long as those are the reader's.

    `usual` is what applies without any: a control that is moved back to it is no choice any more.
    """
    return {"asked": chosen, "values": packed(applied(usual, reader=chosen)), "usual": packed(usual)}


def _ids(value: Any, default: tuple[str, ...], known: set[str]) -> Iterator[str]:
    sent = value if isinstance(value, list) else default
    return (one for one in dict.fromkeys(x for x in sent if isinstance(x, str)) if one in known)
