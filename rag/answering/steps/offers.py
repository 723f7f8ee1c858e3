"""What a language model may choose from at one moment: kinds of steps, the fields they take, and their JSON schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.messages import Reason, reason
from rag.types.steps import StepKind, StepOption

from .planner import ENDS, StepChoice
from .view import View

MOST = 6
"""Kinds that are offered at once."""

Said = Mapping[str, str]
"""Name of a field -> what the model said; "" where it said nothing."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the flat object a model replies with."""

    name: str
    about: str
    values: tuple[str, ...] | None = None
    """What can be chosen, besides ""; None for words."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of step that is possible at this moment."""

    kind: StepKind
    about: str
    """What it is for, told to the model."""
    shown: Reason
    """The same for a reader."""
    fields: tuple[Field, ...]
    choose: Callable[[Said], StepChoice | str]
    """The step as the model wants it; else what to tell the model."""


Kind = Callable[[View], Offer | Reason]


def offers(view: View, kinds: Mapping[StepKind, Kind]) -> tuple[Mapping[str, Offer], Sequence[StepOption]]:
    """The kinds that are possible by name, at most `MOST`, and those that are not, with why."""
    found: dict[str, Offer] = {}
    closed: list[StepOption] = []
    left = MOST - 1  # an end is always among them
    for kind, make in kinds.items():
        made = _anew(make(view), view)
        if isinstance(made, Offer) and (left or kind in ENDS):
            found[str(kind)] = made
            left -= kind not in ENDS
        else:
            why = reason("steps.enough_offered", limit=MOST) if isinstance(made, Offer) else made
            closed.append(StepOption(kind, False, why))
    return found, closed


def _anew(made: Offer | Reason, view: View) -> Offer | Reason:
    """The offer; why there is none where all it can come to was done."""
    if isinstance(made, Reason) or made.fields:
        return made
    only = made.choose({})
    return reason("steps.repeats") if isinstance(only, StepChoice) and only.aim in view.state.done else made


def fields_of(offered: Mapping[str, Offer]) -> Mapping[str, Field]:
    """The fields of all offers; one that several have can be what it can be for any of them."""
    found: dict[str, Field] = {}
    for field in (field for offer in offered.values() for field in offer.fields):
        known = found.setdefault(field.name, field)
        if known.values is not None and field.values is not None:
            found[field.name] = replace(known, values=tuple(dict.fromkeys((*known.values, *field.values))))
    return found


def schema_of(offered: Mapping[str, Offer]) -> dict[str, Any]:
    """The JSON schema of what can be chosen at this moment. It holds no word of a document."""
    fields: dict[str, Any] = {
        "reason": {"type": "string"},
        "action": {"type": "string", "enum": list(offered)},
    }
    for field in fields_of(offered).values():
        values = {} if field.values is None else {"enum": ["", *field.values]}
        fields[field.name] = {"type": "string", **values}
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
