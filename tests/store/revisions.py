"""Two revisions of one document and one taken again, long enough for several batches."""

from __future__ import annotations

from dataclasses import replace

from .corpus import Sample, sample

NAME = "changing.md"
OLD: Sample = sample(NAME, *(f"fox in its former part {number}" for number in range(20)))
NEW: Sample = sample(NAME, *(f"fox in its later part {number}" for number in range(510)))
AGAIN: Sample = replace(NEW, document=replace(NEW.document, sha256=OLD.document.sha256))
"""The file of OLD once more, read and cut another way."""
