"""Two revisions of one document, long enough for several batches."""

from __future__ import annotations

from .corpus import Sample, sample

NAME = "changing.md"
OLD: Sample = sample(NAME, *(f"fox in its former part {number}" for number in range(20)))
NEW: Sample = sample(NAME, *(f"fox in its later part {number}" for number in range(510)))
