"""A store says after every change that there was one, and nothing where there was none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rag.messages import reason
from rag.store import Connection, MilvusStore

from .corpus import FINGERPRINT, sample

WHY = reason("ingest.no_text")


@dataclass
class Watched:
    """A store with two documents, and what could be seen in it at every change since."""

    store: MilvusStore
    seen: list[list[str]] = field(default_factory=list)


@pytest.fixture
def watched(connection: Connection, collection: str) -> Watched:
    def changed() -> None:
        made.seen.append([document.name for document in made.store.documents()])

    made = Watched(MilvusStore.open(connection, collection, FINGERPRINT, changed=changed))
    for name in ("a.md", "b.md"):
        sample(name, f"the fox of {name}").put(made.store)
    made.seen.clear()
    return made


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        pytest.param(lambda s: sample("c.md", "new").put(s), ["a.md", "b.md", "c.md"], id="added"),
        pytest.param(lambda s: sample("a.md", "new").put(s), ["a.md", "b.md"], id="replaced"),
        pytest.param(lambda s: sample("a.md", "the fox of a.md").put(s, again=True), ["a.md", "b.md"], id="again"),
        pytest.param(lambda s: sample("a.md", "the fox of a.md").put(s), None, id="put as it is"),
        pytest.param(lambda s: s.delete(["a.md", "no.md"]), ["b.md"], id="deleted"),
        pytest.param(lambda s: s.delete(["no.md"]), None, id="deleted nothing"),
        pytest.param(lambda s: s.bury(["a.md"]), ["b.md"], id="buried"),
        pytest.param(lambda s: s.restore(["a.md"]), None, id="restored nothing"),
        pytest.param(lambda s: s.enable(["a.md"], False), ["a.md", "b.md"], id="disabled"),
        pytest.param(lambda s: s.enable(["a.md"], True), None, id="enabled already"),
        pytest.param(lambda s: s.note("a.md", WHY), ["a.md", "b.md"], id="noted"),
        pytest.param(lambda s: s.sweep(), None, id="swept"),
    ],
)
def test_a_change_is_told_once_it_can_be_seen(
    watched: Watched, act: Callable[[MilvusStore], object], seen: list[str] | None
) -> None:
    act(watched.store)
    assert watched.seen == ([] if seen is None else [seen])


def test_what_was_deleted_comes_back_and_that_is_told(watched: Watched) -> None:
    watched.store.bury(["a.md", "b.md"])
    watched.store.restore(["a.md"])
    sample("b.md", "the fox of b.md").put(watched.store)  # the file comes again before it is too late
    assert watched.seen == [[], ["a.md"], ["a.md", "b.md"]]
