"""Twenty ingests, each killed at a random moment: nothing acknowledged is lost or half there, and the next goes on.

The moments follow from a fixed seed and from how long one ingest takes on this machine, so they fall everywhere:
between documents, between batches of one, into the writing and merging of data files.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from hashlib import sha256
from time import monotonic

import pytest

from rag.store import MilvusStore, connect, diagnose
from tests.support.forking import Forks, forks

from . import killed
from .corpus import FINGERPRINT, question

ROUNDS = 20
SEED = 5
FILES = 8


def corpus(revision: int) -> dict[str, str]:
    """Some files change with every revision, one never, one comes and goes."""
    files = {
        f"{number}.md": f"# File {number}\n\n"
        + "\n\n".join(f"Paragraph {part} of revision {revision}, {'fox ' * 12}" for part in range(6))
        for number in range(FILES)
    }
    return {**files, "same.md": "# Same\n\nThis one never changes.", f"only {revision}.md": f"# Once\n\n{revision}"}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture
def ingest() -> Iterator[Forks]:
    with forks("tests.store.killed") as ready:
        yield ready


def check(store: MilvusStore, before: Mapping[str, str], files: Mapping[str, str], acknowledged: list[str]) -> None:
    """Every document is whole, in the revision acknowledged or, where none was, in the new or the former one."""
    contents = {content.document.name: content for content in store.contents()}
    assert len(store.documents()) == len(contents)
    assert set(before) | set(acknowledged) <= set(contents) <= set(before) | set(files)
    for name, content in contents.items():
        known = (
            {digest(files[name])} if name in acknowledged else {digest(t[name]) for t in (before, files) if name in t}
        )
        assert content.document.sha256 in known, name
        assert len(content.chunks) == content.document.chunks
        revision = files if content.document.sha256 == digest(files.get(name, "")) else before
        assert all(chunk.text == revision[name][chunk.start : chunk.end] for chunk in content.chunks)
    hits = store.search_dense(question("fox"), limit=1_000)
    assert len(hits) == sum(len(content.chunks) for content in contents.values())
    assert {(hit.stored.document, hit.stored.sha256) for hit in hits} == {
        (name, content.document.sha256) for name, content in contents.items()
    }


def test_twenty_ingests_killed_at_random_moments(path: str, ingest: Forks) -> None:
    chance = random.Random(SEED)
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    before = corpus(0)
    started = monotonic()
    assert len(list(killed.ingest(store, before))) == len(before)
    duration = monotonic() - started
    store.close()
    kills = 0
    for round_number in range(1, ROUNDS + 1):
        files = corpus(round_number)
        acknowledged, was_killed = ingest(path=path, files=files, seconds=chance.uniform(0, 0.8 * duration))
        kills += was_killed
        connection = connect(path)
        store = MilvusStore.open(connection, "kb", FINGERPRINT)
        check(store, before, files, acknowledged)
        rest = dict(killed.ingest(store, files))
        assert {rest[name] for name in acknowledged} <= {"unchanged"}
        before = {**before, **files}
        check(store, before, files, list(files))
        assert diagnose(connection, "kb").rows == sum(d.chunks for d in store.documents())
        store.close()
    assert kills > ROUNDS / 3, "too few of the ingests were cut off"
