"""The retrieval options, in one table: what may be set, within which bounds, by whom, and where it shows.

Settings, knowledge bases, page, what-if, remedies, command line and record all read it. An option is a row here, a
field of `RetrievalOptions`, its label in `assets/text/*/ui.toml`, and the code that acts on it. `RetrievalOptions` is
the value that is passed about; what else stands in it (`SELECTED`) belongs to one question and has no default.
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
from .types.steps import Approach, Thoroughness

INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
"""The default task of both Qwen3 model cards, kept in English whatever the language of the documents."""

DEFAULTS = RetrievalOptions(instruction=INSTRUCTION)
"""The options that count where nobody sets them."""

SELECTED = ("documents", "collections", "narrowed", "pinned", "banned")
"""Fields of `RetrievalOptions` that say what is searched and kept, not how."""

Said = Mapping[str, Any]
"""Name of an option -> its value, of the options somebody set."""

NOTHING: Said = MappingProxyType({})


class OptionKind(StrEnum):
    """Kind of values an option has."""

    CHOICE = "choice"
    WHOLE = "whole"
    NUMBER = "number"
    SWITCH = "switch"
    TEXT = "text"


class SetBy(StrEnum):
    """Party that may set an option; each overrides those before it."""

    SETTING = "setting"
    BASE = "base"
    READER = "reader"
    QUESTION = "question"


class ShownIn(StrEnum):
    """Place where a question can set an option for itself, besides those where it may be set for all questions."""

    COMMAND = "command"
    WHAT_IF = "what_if"
    REMEDY = "remedy"


@dataclass(frozen=True, slots=True)
class RetrievalOption:
    """One row of `TABLE`. The bounds of a text are those of its length in characters."""

    name: str
    kind: OptionKind
    about: str
    """Description for the documentation of settings and commands, which is English."""
    set_by: frozenset[SetBy]
    shown_in: frozenset[ShownIn]
    low: float = 0
    high: float = 0
    step: float = 1
    choices: tuple[str, ...] = ()
    """Values to choose from, in the order in which they are offered."""
    variable: str = ""
    """Environment variable, where the operator may set it."""
    read: Callable[[RetrievalOptions], Any] | None = None
    """Function that takes the value out of the options, where it is no field of that name."""
    written: Callable[[RetrievalOptions, Any], RetrievalOptions] | None = None

    @property
    def label(self) -> str:
        """Catalogue code of its name; the code of its explanation ends in `_about`, that of a choice in the choice."""
        return f"ui.{self.name}"

    @property
    def default(self) -> Any:
        return self.of(DEFAULTS)

    def of(self, options: RetrievalOptions) -> Any:
        """Its value in `options`."""
        return self.read(options) if self.read else getattr(options, self.name)

    def put(self, options: RetrievalOptions, value: Any) -> RetrievalOptions:
        """Return `options` with `value` as its value."""
        if self.written:
            return self.written(options, value)
        return replace(options, **{self.name: self.typed(value)})

    def typed(self, value: Any) -> Any:
        """Convert a value that came through JSON or a form to the type that `RetrievalOptions` holds."""
        return type(self.default)(value) if self.kind is OptionKind.CHOICE else value

    def parsed(self, raw: str) -> Any:
        """Parse the value a person wrote. Raises ValueError for what is none; the caller checks the bounds."""
        if self.kind is OptionKind.CHOICE:
            return self.typed(raw)
        return {OptionKind.WHOLE: int, OptionKind.NUMBER: float}.get(self.kind, str)(raw)

    def allows(self, value: Any) -> bool:
        """True if a value of its kind is within its bounds."""
        if self.kind is OptionKind.TEXT:
            return len(value) <= self.high
        return bool(self.low <= value <= self.high) if self.kind in NUMBERS else True

    def clamped(self, value: Any) -> Any:
        """The possible value nearest to whatever a browser sent; None where that is no value of this option at all."""
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
    """Position of the slider between full text (0) and dense search (1); in the middle both count the same."""
    both = options.dense_weight + options.full_text_weight
    return options.dense_weight / both if both else 0.5


def _balanced(options: RetrievalOptions, balance: float) -> RetrievalOptions:
    """Set the weights from the slider; they stay where it was not moved from them, as it knows only its steps."""
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
            "approach", OptionKind.CHOICE, "One search, or steps that look further", frozenset(SetBy) - {SetBy.BASE},
            frozenset({ShownIn.COMMAND}),
            choices=(str(Approach.AUTO), str(Approach.DIRECT), str(Approach.STEPS)), variable="RAG_APPROACH",
        ),
        RetrievalOption(
            "thoroughness", OptionKind.CHOICE, "How much steps may take", frozenset(SetBy) - {SetBy.BASE},
            frozenset({ShownIn.COMMAND}),
            choices=(str(Thoroughness.QUICK), str(Thoroughness.NORMAL), str(Thoroughness.THOROUGH)),
            variable="RAG_THOROUGHNESS",
        ),
        RetrievalOption(
            "instruction", OptionKind.TEXT, "Task told to the Qwen3 models; English works best", _EVERYBODY,
            frozenset({ShownIn.COMMAND}), high=500, variable="RAG_INSTRUCTION",
        ),
        RetrievalOption(
            "guidance", OptionKind.TEXT, "What the language model is told besides its rules",
            _EVERYBODY - {SetBy.READER}, frozenset({ShownIn.COMMAND}), high=2000, variable="RAG_GUIDANCE",
        ),
    )
}  # fmt: skip
"""The options by name, in the order of the page.

The reranker's prompt holds the instruction once per candidate, so the instruction is short.
"""


def of(*, by: SetBy | None = None, shown: ShownIn | None = None) -> tuple[RetrievalOption, ...]:
    """The options that `by` may set and a question can set in the place `shown`; None is any."""
    return tuple(o for o in TABLE.values() if (not by or by in o.set_by) and (not shown or shown in o.shown_in))


def applied(
    setting: RetrievalOptions, *, base: Said = NOTHING, reader: Said = NOTHING, question: Said = NOTHING
) -> RetrievalOptions:
    """The options of a question: those of the settings, overridden by the knowledge base, its reader, the question.

    A reader who asks for more contexts than candidates is given as many candidates.
    """
    options = _with(_with(setting, base), reader)
    return _with(enough(options) if {"candidates", "contexts"} & set(reader) else options, question)


def enough(options: RetrievalOptions) -> RetrievalOptions:
    """Return `options` with at least as many candidates as contexts."""
    return replace(options, candidates=max(options.candidates, options.contexts))


def _with(options: RetrievalOptions, said: Said) -> RetrievalOptions:
    for name, value in said.items():
        options = TABLE[name].put(options, value)
    return options


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Values a knowledge base gives the options it may set; "" and None mean not set."""

    instruction: str = ""
    guidance: str = ""
    mode: Mode | None = None
    candidates: int | None = None
    contexts: int | None = None
    threshold: float | None = None

    @property
    def wished(self) -> dict[str, Any]:
        """The options it sets: name -> value."""
        values = {option.name: getattr(self, option.name) for option in of(by=SetBy.BASE)}
        return {name: value for name, value in values.items() if value not in ("", None)}
