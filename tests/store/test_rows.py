"""Rows: batches that fit a call, and heading paths that fit their field."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.store.limits import BATCH_BYTES, BATCH_ROWS, HEADINGS_BYTES
from rag.store.rows import batches, headings_json


@given(st.lists(st.integers(min_value=0, max_value=BATCH_BYTES + 1_000), max_size=12))
def test_batches_keep_the_order_and_the_bytes(sizes: list[int]) -> None:
    vector = np.zeros(4, np.float32)
    rows = [{"id": number, "text": "x" * size, "dense": vector} for number, size in enumerate(sizes)]
    made = list(batches(iter(rows)))
    assert [row for batch in made for row in batch] == rows
    for batch in made:
        assert len(batch) == 1 or sum(len(str(row["text"])) + vector.nbytes for row in batch) <= BATCH_BYTES


def test_batches_keep_the_number_of_rows() -> None:
    rows = [{"id": number, "dense": np.zeros(1, np.float32)} for number in range(2 * BATCH_ROWS + 1)]
    assert [len(batch) for batch in batches(iter(rows))] == [BATCH_ROWS, BATCH_ROWS, 1]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
def test_a_heading_path_that_fits_is_kept_as_it_is(path: list[str]) -> None:
    assert json.loads(headings_json(path)) == path


@given(st.lists(st.integers(min_value=0, max_value=9_000), max_size=300), st.sampled_from(["x", "標", "\x00", '"']))
def test_any_heading_path_fits_its_field(lengths: list[int], character: str) -> None:
    path = [character * length for length in lengths]
    written = headings_json(path)
    assert len(written.encode()) <= HEADINGS_BYTES
    kept = json.loads(written)
    assert all(full.startswith(short) for full, short in zip(path[len(path) - len(kept) :], kept, strict=True))
