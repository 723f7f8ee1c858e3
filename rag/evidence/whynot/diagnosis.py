"""The diagnosis of one passage for one question, as a value: how far it came, what stopped it, what would admit it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rag.messages import Reason

from .passages import Passage
from .remedies import Remedy


class Obstacle(StrEnum):
    """The obstacle that stopped a passage; `SENT` where none did."""

    SENT = "sent"
    NOWHERE = "nowhere"
    """The text is in no document."""
    DISABLED = "disabled"
    """Its document is switched off."""
    OUT_OF_SCOPE = "out_of_scope"
    """Its document was not searched."""
    NOTHING_SEARCHED = "nothing_searched"
    """The answer came without a search, or ended before it."""
    NOT_FOUND = "not_found"
    """No search returned it."""
    BEYOND_CANDIDATES = "beyond_candidates"
    BELOW_THRESHOLD = "below_threshold"
    WITHOUT_NAME = "without_name"
    """The question names what no passage has, so that none was kept."""
    REPEATS = "repeats"
    """Another passage that says the same was kept."""
    BEYOND_CONTEXTS = "beyond_contexts"
    OVER_BUDGET = "over_budget"
    BANNED = "banned"
    OTHERWISE = "otherwise"
    """For a reason that has no name here; `why` tells it."""


class Check(StrEnum):
    """The checks a passage has to pass, in order."""

    SCOPE = "scope"
    DENSE = "dense"
    FULL_TEXT = "full_text"
    FUSE = "fuse"
    RERANK = "rerank"
    SELECT = "select"


class Passing(StrEnum):
    """Outcome of a check."""

    PASSED = "passed"
    STOPPED = "stopped"
    OFF = "off"
    """It was not made, or the passage did not come that far."""


@dataclass(frozen=True, slots=True)
class Step:
    """One check with its numbers."""

    check: Check
    passing: Passing
    why: Reason
    now: bool = False
    """True if it was measured now; other steps are what the answer's record says."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict on a passage for the question of one answer."""

    verdict: Obstacle
    why: Reason
    passage: Passage | None = None
    """None when the text is in no document and nothing is near it."""
    number: int | None = None
    """The context number it was sent under."""
    steps: tuple[Step, ...] = ()
    changed: tuple[Reason, ...] = ()
    """Changes of documents and models since the answer."""
    remedy: Remedy | None = None
    search: int = 1
    """Number of the search it is about."""
