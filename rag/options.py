"""The retrieval options, in one table: what may be set, within which bounds, by whom, and where it shows.

Settings, knowledge bases, page, what-if, remedies, command line and record all read it. An option is a row here, a
field of `RetrievalOptions`, its label in `assets/text/ui.toml`, and the code that acts on it. `RetrievalOptions` is the
value that is passed about; what else stands in it (`SELECTED`) belongs to one question and has no default.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from .text.well_formed import well_formed
from .types import Mode, RetrievalOptions

INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
"""The default task of both Qwen3 model cards, kept in English whatever the language of the documents."""

DEFAULTS = RetrievalOptions(instruction=INSTRUCTION)
"""Where nobody said anything."""

SELECTED = ("documents", "collections", "narrowed", "pinned", "banned")
"""Fields of `RetrievalOptions` that say what is searched and kept, not how."""

Said = Mapping[str, Any]
"""Name of an option -> its value, of those somebody said something of."""

NOTHING: Said = MappingProxyType({})


class OptionKind(StrEnum):
    """What values an option has."""

    CHOICE = "choice"
    WHOLE = "whole"
    NUMBER = "number"
    SWITCH = "switch"
    TEXT = "text"


class SetBy(StrEnum):
    """Who may say something of an option; each counts over those before it."""

    SETTING = "setting"
    BASE = "base"
    READER = "reader"
    QUESTION = "question"


class ShownIn(StrEnum):
    """Where a question can bring an option of its own, besides where it may be set for all of them."""

    COMMAND = "command"
    WHAT_IF = "what_if"
    REMEDY = "remedy"


@dataclass(frozen=True, slots=True)
class RetrievalOption:
    """One row. The bounds of a text are those of its length in characters."""

    name: str
    kind: OptionKind
    about: str
    """For the documentation of settings and commands, which is English."""
    set_by: frozenset[SetBy]
    shown_in: frozenset[ShownIn]
    low: float = 0
    high: float = 0
    step: float = 1
    choices: tuple[str, ...] = ()
    """In the order in which they are offered."""
    variable: str = ""
    """Environment variable, where the operator may set it."""
    read: Callable[[RetrievalOptions], Any] | None = None
    """Takes the value out of the options, where it is no field of that name."""
    written: Callable[[RetrievalOptions, Any], RetrievalOptions] | None = None

    @property
    def label(self) -> str:
        """Code of what it is called; that of its explanation ends in `_about`, that of a choice in the choice."""
        return f"ui.{self.name}"

    @property
    def default(self) -> Any:
        return self.of(DEFAULTS)

    def of(self, options: RetrievalOptions) -> Any:
        """Its value."""
        return self.read(options) if self.read else getattr(options, self.name)

    def put(self, options: RetrievalOptions, value: Any) -> RetrievalOptions:
        """`options` with another value of it."""
        if self.written:
            return self.written(options, value)
        return replace(options, **{self.name: self.typed(value)})

    def typed(self, value: Any) -> Any:
        """A value as it is after a journey through JSON or a form, as what `RetrievalOptions` holds."""
        return type(self.default)(value) if self.kind is OptionKind.CHOICE else value

    def parsed(self, raw: str) -> Any:
        """The value a person wrote. Raises ValueError for what is none; bounds are the caller's to check."""
        if self.kind is OptionKind.CHOICE:
            return self.typed(raw)
        return {OptionKind.WHOLE: int, OptionKind.NUMBER: float}.get(self.kind, str)(raw)

    def allows(self, value: Any) -> bool:
        """Whether a value of its kind is within its bounds."""
        if self.kind is OptionKind.TEXT:
            return len(value) <= self.high
        return bool(self.low <= value <= self.high) if self.kind in NUMBERS else True

    def clamped(self, value: Any) -> Any:
        """The nearest possible value to whatever a browser sent; None for no such value at all."""
        if self.kind is OptionKind.SWITCH:
            return value if isinstance(value, bool) else None
        if self.kind in NUMBERS:
            return self._within(value)
        if not isinstance(value, str):
            return None
        if self.kind is OptionKind.CHOICE:
            return value if value in self.choices else None
        return well_formed(value).strip()[: int(self.high)] or None

    def _within(self, value: Any) -> float | int | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        nearest = min(self.high, max(self.low, value))
        return round(nearest) if self.kind is OptionKind.WHOLE else float(nearest)


NUMBERS = (OptionKind.WHOLE, OptionKind.NUMBER)


def balance_of(options: RetrievalOptions) -> float:
    """Where the slider between full text (0) and dense search (1) stands; in the middle both count the same."""
    both = options.dense_weight + options.full_text_weight
    return options.dense_weight / both if both else 0.5


def _balanced(options: RetrievalOptions, balance: float) -> RetrievalOptions:
    """The weights as they are where the slider was not moved from them: it knows only its steps."""
    if abs(balance - balance_of(options)) <= BALANCE_STEP / 2:
        return options
    return replace(options, dense_weight=2 * balance, full_text_weight=2 * (1 - balance))


BALANCE_STEP = 0.05

_EVERYBODY = frozenset(SetBy)
_READERS = frozenset({SetBy.READER, SetBy.QUESTION})
_COUNTED = frozenset(ShownIn)

TABLE: Mapping[str, RetrievalOption] = {
    row.name: row
    for row in (
        RetrievalOption(
            "mode", OptionKind.CHOICE, "First-stage search", _EVERYBODY, frozenset({ShownIn.COMMAND, ShownIn.REMEDY}),
            choices=(str(Mode.HYBRID), str(Mode.DENSE), str(Mode.FULL_TEXT)), variable="RAG_MODE",
        ),
        RetrievalOption(
            "balance", OptionKind.NUMBER, "Weight of dense search against full text", _READERS,
            frozenset({ShownIn.WHAT_IF}), high=1, step=BALANCE_STEP, read=balance_of, written=_balanced,
        ),
        RetrievalOption(
            "candidates", OptionKind.WHOLE, "Candidates per search and for the reranker", _EVERYBODY, _COUNTED,
            low=1, high=200, variable="RAG_CANDIDATES",
        ),
        RetrievalOption(
            "rerank", OptionKind.SWITCH, "The reranker, which judges the candidates", _READERS,
            frozenset({ShownIn.COMMAND, ShownIn.WHAT_IF}),
        ),
        RetrievalOption(
            "contexts", OptionKind.WHOLE, "Most contexts given to the model", _EVERYBODY, _COUNTED,
            low=1, high=50, variable="RAG_CONTEXTS",
        ),
        RetrievalOption(
            "threshold", OptionKind.NUMBER, "Least probability of a context", _EVERYBODY, _COUNTED,
            high=1, step=0.01, variable="RAG_THRESHOLD",
        ),
        RetrievalOption(
            "instruction", OptionKind.TEXT, "Task told to the Qwen3 models; English works best", _EVERYBODY,
            frozenset({ShownIn.COMMAND}), high=500, variable="RAG_INSTRUCTION",
        ),
    )
}  # fmt: skip
"""By name, in the order of the page. The reranker's prompt holds the instruction once per candidate, so it is short."""


def of(*, by: SetBy | None = None, shown: ShownIn | None = None) -> tuple[RetrievalOption, ...]:
    """The options somebody may set, or a question can bring in some place."""
    return tuple(o for o in TABLE.values() if (not by or by in o.set_by) and (not shown or shown in o.shown_in))


def applied(
    setting: RetrievalOptions, *, base: Said = NOTHING, reader: Said = NOTHING, question: Said = NOTHING
) -> RetrievalOptions:
    """What a question is asked with: what the settings say, over that the knowledge base, its reader, the question.

    A reader who asks for more contexts than candidates is given as many candidates.
    """
    options = _with(_with(setting, base), reader)
    return _with(enough(options) if {"candidates", "contexts"} & set(reader) else options, question)


def enough(options: RetrievalOptions) -> RetrievalOptions:
    """As many candidates as contexts at least."""
    return replace(options, candidates=max(options.candidates, options.contexts))


def _with(options: RetrievalOptions, said: Said) -> RetrievalOptions:
    for name, value in said.items():
        options = TABLE[name].put(options, value)
    return options


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a knowledge base says of the options it may set; "" and None are nothing."""

    instruction: str = ""
    mode: Mode | None = None
    candidates: int | None = None
    contexts: int | None = None
    threshold: float | None = None

    @property
    def wished(self) -> dict[str, Any]:
        """The options it says something of."""
        values = {option.name: getattr(self, option.name) for option in of(by=SetBy.BASE)}
        return {name: value for name, value in values.items() if value not in ("", None)}
