"""Documents that are disabled, deleted but not yet gone, or failed to be replaced; and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rag.messages import reason
from rag.store import Connection, MilvusStore, read_documents
from rag.store.collection import UNDO_SECONDS
from rag.store.registry import Registry, RegistryRow
from rag.types import Document

from .corpus import FINGERPRINT, names, question, sample, searched

WHY = reason("ingest.no_text")


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def store(connection: Connection, collection: str, clock: list[float]) -> MilvusStore:
    made = MilvusStore.open(connection, collection, FINGERPRINT, now=lambda: clock[0])
    for name in ("a.md", "b.md", "c.md"):
        sample(name, f"the fox of {name}", "the fox again").put(made)
    return made


def visible(store: MilvusStore) -> set[str]:
    """Documents that searches find, the same by every kind of search."""
    (first, *others) = searched(store, "fox", limit=9)
    found = set(names(first))
    assert all(set(names(hits)) == found for hits in others)
    return found


def listed(store: MilvusStore) -> list[str]:
    return [document.name for document in store.documents()]


def test_a_disabled_document_is_listed_and_not_searched(store: MilvusStore) -> None:
    assert store.enable(["a.md", "b.md", "unknown.md", "\ud800"], False) == 2
    assert visible(store) == {"c.md"} and listed(store) == ["a.md", "b.md", "c.md"]
    assert [d.enabled for d in store.documents()] == [False, False, True]
    assert len(store.chunks("a.md")) == 2
    assert store.search_dense(question("fox"), limit=9, documents=["a.md"]) == []
    assert store.enable(["a.md"], False) == 0
    assert store.enable(["a.md"], True) == 1
    assert visible(store) == {"a.md", "c.md"}


def test_hits_of_disabled_documents_do_not_crowd_out_others(
    store: MilvusStore, connection: Connection, collection: str
) -> None:
    many = [sample(f"many {n}.md", *["the very fox"] * 4) for n in range(30)]
    for one in many:
        one.put(store)
    store.enable([one.document.name for one in many], False)
    assert visible(store) == {"a.md", "b.md", "c.md"}
    # where there are too many to be named, only the look-up is left
    assert visible(MilvusStore.open(connection, collection, FINGERPRINT, most_excluded=5)) == {"a.md", "b.md", "c.md"}


def test_a_deleted_document_is_gone_for_everybody_and_can_be_restored(
    store: MilvusStore, connection: Connection, collection: str, clock: list[float]
) -> None:
    assert store.bury(["a.md", "unknown.md"]) == 1
    assert visible(store) == {"b.md", "c.md"} and listed(store) == ["b.md", "c.md"]
    assert store.chunks("a.md") == [] and store.vectors("a.md") == {}
    assert [d.name for d in read_documents(connection, collection)] == ["b.md", "c.md"]
    assert [found.document.name for found in store.contents()] == ["b.md", "c.md"]
    assert store.bury(["a.md"]) == 0
    clock[0] += UNDO_SECONDS - 1
    assert store.sweep() is True
    assert store.restore(["a.md", "b.md"]) == 1
    assert visible(store) == {"a.md", "b.md", "c.md"} and len(store.chunks("a.md")) == 2
    assert store.sweep() is False


def test_when_it_is_too_late_nothing_is_left(
    store: MilvusStore, connection: Connection, collection: str, clock: list[float]
) -> None:
    store.bury(["a.md", "b.md"])
    clock[0] += UNDO_SECONDS
    assert store.sweep() is False
    assert store.restore(["a.md"]) == 0
    rows = connection.call("query", collection_name=collection, filter='document != ""', output_fields=["document"],
                           limit=100, consistency_level="Strong")  # fmt: skip
    assert {row["document"] for row in rows} == {"c.md"}
    assert Registry(connection, collection + "_registry").entries(["a.md", "b.md"], consistency="Strong") == {}


def test_a_restart_neither_resurrects_nor_loses(
    store: MilvusStore, connection: Connection, collection: str, clock: list[float]
) -> None:
    store.bury(["a.md"])
    store.enable(["b.md"], False)
    again = MilvusStore.open(connection, collection, FINGERPRINT, now=lambda: clock[0] + 5)
    assert visible(again) == {"c.md"} and listed(again) == ["b.md", "c.md"]
    assert again.restore(["a.md"]) == 1 and visible(again) == {"a.md", "c.md"}
    again.bury(["a.md"])
    late = MilvusStore.open(connection, collection, FINGERPRINT, now=lambda: clock[0] + 2 * UNDO_SECONDS)
    assert late.restore(["a.md"]) == 0 and listed(late) == ["b.md", "c.md"]


@pytest.mark.parametrize("texts", [("the fox of a.md", "the fox again"), ("a new fox",)], ids=["same", "other"])
def test_what_is_put_again_is_there_again(store: MilvusStore, clock: list[float], texts: tuple[str, ...]) -> None:
    store.bury(["a.md"])
    sample("a.md", *texts).put(store)
    assert visible(store) == {"a.md", "b.md", "c.md"}
    assert [chunk.chunk.text for chunk in store.chunks("a.md")] == list(texts)
    clock[0] += 2 * UNDO_SECONDS
    assert store.sweep() is False and visible(store) == {"a.md", "b.md", "c.md"}


def test_deleting_at_once_takes_buried_ones_along(store: MilvusStore) -> None:
    store.bury(["a.md"])
    assert store.delete(["a.md", "b.md"]) == 1
    assert store.restore(["a.md"]) == 0 and listed(store) == ["c.md"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: replace(d, tags=("net", "运维"), date="2026-11-24", kind="pdf"), id="of the file"),
        pytest.param(lambda d: replace(d, fields=(("status", ("draft",)), ("作者", ("a", "b")))), id="front matter"),
        pytest.param(lambda d: replace(d, fields=()), id="front matter that says nothing"),
        pytest.param(lambda d: replace(d, enabled=False, revision=7), id="of the registry"),
        pytest.param(lambda d: replace(d, error=reason("library.left_out", names="x", why=WHY)), id="a reason"),
        pytest.param(lambda d: d, id="nothing unusual"),
    ],
)  # fmt: skip
def test_everything_known_of_a_document_comes_back(
    store: MilvusStore, connection: Connection, collection: str, change: Callable[[Document], Document]
) -> None:
    one = sample("told.md", "some fox")
    document = change(one.document)
    store.put(document, one.chunks, one.vectors)
    again = MilvusStore.open(connection, collection, FINGERPRINT)
    assert next(d for d in again.documents() if d.name == "told.md") == document


def test_front_matter_is_filled_in_once_without_the_text(store: MilvusStore) -> None:
    store.describe("a.md", (("status", ("draft",)),))
    store.describe("a.md", ())
    store.describe("unknown.md", ())
    assert [d.fields for d in store.documents()] == [(("status", ("draft",)),), None, None]


def test_an_error_is_noted_and_taken_back(store: MilvusStore) -> None:
    store.note("a.md", WHY)
    store.note("unknown.md", WHY)
    assert [d.error for d in store.documents()] == [WHY, None, None]
    assert visible(store) == {"a.md", "b.md", "c.md"}
    store.note("a.md", None)
    assert [d.error for d in store.documents()] == [None, None, None]


def test_a_registry_from_before_opens(store: MilvusStore, connection: Connection, collection: str) -> None:
    """Rows as the first version wrote them hold a plain list."""
    raw = connection.call(
        "query", collection_name=collection + "_registry", filter='name == "a.md"', output_fields=["leftover"], limit=1,
        consistency_level="Strong",
    )  # fmt: skip
    assert raw[0]["leftover"] == "[]"
    store.enable(["b.md"], False)
    store.enable(["b.md"], True)
    raw = connection.call(
        "query", collection_name=collection + "_registry", filter='name == "b.md"', output_fields=["leftover"], limit=1,
        consistency_level="Strong",
    )  # fmt: skip
    assert raw[0]["leftover"] == "[]"


def test_a_hidden_document_with_leftovers_is_found_by_the_sweep(
    store: MilvusStore, connection: Connection, collection: str
) -> None:
    """As after a crash while a disabled document was being replaced."""
    (document,) = (d for d in store.documents() if d.name == "a.md")
    registry = Registry(connection, collection + "_registry", now=lambda: 0.0)
    registry.write([RegistryRow(replace(document, enabled=False), ("0" * 64,))])
    assert visible(store) == {"b.md", "c.md"}
    again = MilvusStore.open(connection, collection, FINGERPRINT)
    entry = registry.entries(["a.md"], consistency="Strong")["a.md"]
    assert entry.leftover == () and not entry.document.enabled
    assert again.enable(["a.md"], True) == 1 and visible(again) == {"a.md", "b.md", "c.md"}
