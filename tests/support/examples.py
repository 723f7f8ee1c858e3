"""How many examples a property is tried with, where it needs more or fewer than others."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""Examples of a property that says nothing, in a run of all tests."""


def examples(count: int) -> settings:
    """So many in a run of all tests, and as much of that as the profile has of the usual number."""
    profile = settings()
    return settings(profile, max_examples=max(1, count * profile.max_examples // USUAL))
