"""Copying a knowledge base between databases, into an archive and back, and archives that mean no good."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import IndexMismatch, StoreError, TransferError
from rag.events import DocumentOutcome
from rag.knowledge.transfer import Archive, Extra, Manifest, move, write_archive
from rag.knowledge.transfer.records import line, parsed
from rag.messages import reason
from rag.store import MilvusStore, connect
from rag.types import Chunk, Document, IndexedDocument
from tests.store.corpus import FINGERPRINT, Sample, sample, searched, texts

ADDED, REPLACED, UNCHANGED = DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED
SAMPLES = [
    sample("guides/a.md", "fox", 'dog\u2028and "cat"', headings=("Animals", "名")),
    sample("b.md", *(f"paragraph {number}" for number in range(40))),
    sample("空.md", "狐狸"),
    sample("empty.md"),
]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Callable[[str], MilvusStore]]:
    """Makes stores, each in a database of its own."""
    opened: list[MilvusStore] = []

    def make(name: str) -> MilvusStore:
        store = MilvusStore.open(connect(str(tmp_path / f"{name}.db")), "kb", FINGERPRINT)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def full(stores: Callable[[str], MilvusStore]) -> MilvusStore:
    store = stores("full")
    for one in SAMPLES:
        one.put(store)
    return store


def check_equal(target: MilvusStore, samples: Sequence[Sample] = SAMPLES) -> None:
    found = {content.document.name: content for content in target.contents()}
    assert {name: content.document for name, content in found.items()} == {s.document.name: s.document for s in samples}
    for one in samples:
        assert found[one.document.name].chunks == one.chunks
        assert np.allclose(found[one.document.name].vectors, one.vectors, atol=1e-6)
    assert all(texts(hits)[0] == "狐狸" for hits in searched(target, "狐狸", limit=1))


# ---- moving ---------------------------------------------------------------------------------------------------------


def test_a_copy_is_equal_and_copying_again_changes_nothing(
    full: MilvusStore, stores: Callable[[str], MilvusStore]
) -> None:
    target = stores("target")
    assert {moved.outcome for moved in move(full.contents(), target)} == {ADDED}
    check_equal(target)
    assert {moved.outcome for moved in move(full.contents(), target)} == {UNCHANGED}


def test_a_copy_that_broke_off_goes_on_where_it_ended(full: MilvusStore, stores: Callable[[str], MilvusStore]) -> None:
    target = stores("target")
    moving = move(full.contents(), target)
    next(moving), next(moving)
    moving.close()
    assert sorted(moved.outcome for moved in move(full.contents(), target)) == [ADDED, ADDED, UNCHANGED, UNCHANGED]
    check_equal(target)


def test_what_the_target_has_besides_stays_and_other_revisions_are_replaced(
    full: MilvusStore, stores: Callable[[str], MilvusStore]
) -> None:
    target = stores("target")
    sample("b.md", "former").put(target)
    own = sample("own.md", "mine")
    own.put(target)
    outcomes = {moved.name: moved.outcome for moved in move(full.contents(), target)}
    assert outcomes["b.md"] == REPLACED and "own.md" not in outcomes
    check_equal(target, [*SAMPLES, own])


class Losing:
    """A store that keeps something else than it was given."""

    def __init__(self, store: MilvusStore, spoil: Callable[[Document, Any, Any], tuple[Document, Any, Any]]) -> None:
        self._store = store
        self._spoil = spoil

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, document: Document, chunks: Any, vectors: Any, *, again: bool = False) -> bool:
        return self._store.put(*self._spoil(document, chunks, vectors))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(lambda d, c, v: (d, c, -v), "transfer.differs", id="vectors"),
        pytest.param(
            lambda d, c, v: (d, [replace(x, text=x.text + "!") for x in c], v), "transfer.differs", id="texts"
        ),
        pytest.param(lambda d, c, v: (replace(d, chunks=0), [], v[:0]), "transfer.not_there", id="chunks"),
        pytest.param(lambda d, c, v: (replace(d, name=f"x{d.name}"), c, v), "transfer.not_there", id="name"),
    ],
)
def test_a_target_that_does_not_keep_what_was_sent_is_found_out(
    full: MilvusStore, stores: Callable[[str], MilvusStore], spoil: Any, code: str
) -> None:
    target: Any = Losing(stores("target"), spoil)
    with pytest.raises(TransferError) as refused:
        list(move(full.contents(), target))
    assert refused.value.reason.code == code and str(refused.value)


def test_many_documents_are_sampled_evenly(stores: Callable[[str], MilvusStore]) -> None:
    """A fault that hits one document in ten is seen, wherever the ten stand."""
    documents = [sample(f"{number:03}.md", f"text {number}") for number in range(130)]
    contents = [IndexedDocument(one.document, one.chunks, one.vectors) for one in documents]
    spoilt = {f"{number:03}.md" for number in range(120, 130)}
    target: Any = Losing(stores("target"), lambda d, c, v: (d, c, -v if d.name in spoilt else v))
    with pytest.raises(TransferError):
        list(move(contents, target))


# ---- archives -------------------------------------------------------------------------------------------------------


def write(path: Path, store: MilvusStore, extras: Sequence[Extra] = ()) -> Manifest:
    return write_archive(
        path, store.contents(), fingerprint=FINGERPRINT, collection="kb", extras=extras, now=lambda: 1_700_000_000.5
    )


@pytest.fixture
def archive(tmp_path: Path, full: MilvusStore) -> Path:
    path = tmp_path / "kb.zip"
    write(path, full)
    return path


def test_an_archive_brings_everything_back(archive: Path, stores: Callable[[str], MilvusStore]) -> None:
    target = stores("target")
    with Archive.open(archive) as opened:
        manifest = opened.manifest
        assert {moved.outcome for moved in move(opened.contents(), target)} == {ADDED}
    assert (manifest.documents, manifest.chunks, manifest.collection) == (4, 43, "kb")
    assert (manifest.fingerprint, manifest.created_at) == (FINGERPRINT, 1_700_000_000.5)
    check_equal(target)


def test_the_same_documents_give_the_same_archive(tmp_path: Path, archive: Path, full: MilvusStore) -> None:
    write(tmp_path / "again.zip", full)
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_a_large_knowledge_base_is_written_in_parts(tmp_path: Path, stores: Callable[[str], MilvusStore]) -> None:
    documents = [sample(f"{number}.md", *(f"{number} {part}" for part in range(900))) for number in range(4)]
    contents = [IndexedDocument(one.document, one.chunks, one.vectors) for one in documents]
    write_archive(tmp_path / "kb.zip", contents, fingerprint=FINGERPRINT, collection="kb")
    with Archive.open(tmp_path / "kb.zip") as opened:
        assert {e.name for e in opened.manifest.entries if e.name.endswith("chunks")} == {
            "parts/00001.chunks",
            "parts/00002.chunks",
        }
        assert [content.chunks for content in opened.contents()] == [one.chunks for one in documents]


def test_further_bytes_travel_with_it(tmp_path: Path, full: MilvusStore) -> None:
    ledgers = np.random.default_rng(1).bytes(3_000_000)
    write(tmp_path / "kb.zip", full, [Extra("ledgers.sqlite", lambda: io.BytesIO(ledgers))])
    with Archive.open(tmp_path / "kb.zip") as opened:
        assert opened.extras() == ["ledgers.sqlite"]
        with opened.extra("ledgers.sqlite") as stream:
            assert stream.read() == ledgers


def test_what_is_known_of_a_document_travels_and_a_note_of_failure_stays(
    tmp_path: Path, full: MilvusStore, stores: Callable[[str], MilvusStore]
) -> None:
    one = sample("tagged.md", "fox")
    tagged = replace(one.document, tags=("a", "名"), date="2026-01-02", kind="pdf")
    full.put(tagged, one.chunks, one.vectors)
    full.enable(["b.md"], False)
    full.note("tagged.md", reason("ingest.no_text"))
    write(tmp_path / "kb.zip", full)
    target = stores("target")
    with Archive.open(tmp_path / "kb.zip") as opened:
        list(move(opened.contents(), target))
    found = {document.name: document for document in target.documents()}
    assert found["tagged.md"] == tagged
    assert [name for name, document in found.items() if not document.enabled] == ["b.md"]


def test_the_files_of_documents_travel_where_they_are_kept(
    tmp_path: Path, full: MilvusStore, stores: Callable[[str], MilvusStore]
) -> None:
    one = sample("kept.md", "fox")
    one.put(full)
    replace_name = replace(one.document, name="copy.md")
    full.put(replace_name, one.chunks, one.vectors)
    manifest = write_archive(
        tmp_path / "kb.zip",
        full.contents(),
        fingerprint=FINGERPRINT,
        collection="kb",
        original=lambda document: b"fox" if document.sha256 == one.document.sha256 else None,
    )
    assert manifest.version == 3
    with Archive.open(tmp_path / "kb.zip") as opened:
        assert opened.originals() == [sha256(b"fox").hexdigest()], "equal ones are there once"
        assert opened.original(one.document.sha256) == b"fox"
        list(move(opened.contents(), stores("target")))


def test_what_was_taken_again_is_moved_again_and_never_taken_back(
    archive: Path, full: MilvusStore, stores: Callable[[str], MilvusStore]
) -> None:
    target = stores("target")
    list(move(full.contents(), target))
    other = sample("b.md", "cut another way")
    again = replace(full.documents()[0], chunks=1, tokens=3, ingested_at=1_800_000_000.0)
    assert again.name == "b.md"
    full.put(again, other.chunks, other.vectors, again=True)
    assert {m.name: m.outcome for m in move(full.contents(), target)}["b.md"] == REPLACED
    assert [s.chunk.text for s in target.chunks("b.md")] == ["cut another way"]
    with Archive.open(archive) as opened:
        assert {m.outcome for m in move(opened.contents(), target)} == {UNCHANGED}
    assert [s.chunk.text for s in target.chunks("b.md")] == ["cut another way"]


def test_an_existing_file_is_not_overwritten(archive: Path, full: MilvusStore) -> None:
    before = archive.read_bytes()
    with pytest.raises(TransferError) as refused:
        write(archive, full)
    assert refused.value.reason.code == "transfer.exists"
    assert archive.read_bytes() == before


def test_an_archive_that_could_not_be_finished_is_not_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[IndexedDocument]:
        yield IndexedDocument(SAMPLES[0].document, SAMPLES[0].chunks, SAMPLES[0].vectors)
        raise OSError(28, "No space left on device")

    with pytest.raises(TransferError) as refused:
        write_archive(tmp_path / "kb.zip", breaking(), fingerprint=FINGERPRINT, collection="kb")
    assert refused.value.reason.code == "transfer.unwritable"
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_another_model_is_not_mixed_in(archive: Path, tmp_path: Path) -> None:
    other = connect(str(tmp_path / "other.db"))
    MilvusStore.open(other, "kb", replace(FINGERPRINT, model="other"))
    with Archive.open(archive) as opened, pytest.raises(IndexMismatch):
        MilvusStore.open(other, "kb", opened.manifest.fingerprint)
    other.close()


# ---- archives that mean no good -------------------------------------------------------------------------------------


def rebuilt(path: Path, change: Callable[[dict[str, bytes]], None], *, honest: bool = True) -> Path:
    """The archive with its entries changed; when `honest`, the manifest fits what became of them."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    change(entries)
    if honest and "manifest.json" in entries:
        manifest = json.loads(entries["manifest.json"])
        manifest["entries"] = [
            {"name": name, "size": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in entries.items()
            if name != "manifest.json"
        ]
        entries["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def in_entry(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        assert old in entries[name]
        entries[name] = entries[name].replace(old, new, 1)

    return change


def in_manifest(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        entries["manifest.json"] = json.dumps(json.loads(entries["manifest.json"]) | values).encode()

    return change


def added(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    return lambda entries: entries.update({name: data})


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        del entries[name]

    return change


DOCUMENTS, CHUNKS, VECTORS = "parts/00001.documents", "parts/00001.chunks", "parts/00001.vectors"


@pytest.mark.parametrize(
    ("change", "honest"),
    [
        pytest.param(in_entry(CHUNKS, b"fox", b"box"), False, id="wrong hash"),
        pytest.param(in_entry(CHUNKS, b"fox", b"foxes"), False, id="wrong size"),
        pytest.param(added("../../outside.md"), True, id="path out of the archive"),
        pytest.param(added("/etc/passwd"), True, id="absolute path"),
        pytest.param(added("parts/00001.pickle"), True, id="entry nobody knows"),
        pytest.param(added("extra/x.txt"), False, id="entry the manifest does not name"),
        pytest.param(without(VECTORS), True, id="no vectors"),
        pytest.param(without("manifest.json"), True, id="no manifest"),
        pytest.param(without(CHUNKS), False, id="entry only the manifest names"),
        pytest.param(in_manifest(version=4), False, id="later version"),
        pytest.param(in_manifest(format="zip"), False, id="something else"),
        pytest.param(in_manifest(documents=5), False, id="wrong count"),
        pytest.param(in_manifest(surprise=1), False, id="unknown field in the manifest"),
        pytest.param(in_manifest(entries=[1, 2]), False, id="entries of a wrong type"),
        pytest.param(in_manifest(fingerprint={"dimension": 32}), False, id="half a fingerprint"),
        pytest.param(added("manifest.json", b"[" * 100_000), False, id="endlessly nested"),
        pytest.param(added("manifest.json", b"\xff\xfe"), False, id="no text"),
        pytest.param(in_entry(DOCUMENTS, b'"b.md"', b'"../b.md"'), True, id="name out of the folder"),
        pytest.param(in_entry(DOCUMENTS, b'"b.md"', b'"/b.md"'), True, id="absolute name"),
        pytest.param(in_entry(DOCUMENTS, b'"b.md"', b'"\\ud800"'), True, id="name that is half a character"),
        pytest.param(in_entry(DOCUMENTS, b'"b.md"', b'"empty.md"'), True, id="one name twice"),
        pytest.param(
            in_entry(DOCUMENTS, b'"error": null', b'"error": {"code": "../x.y", "values": {}}'), True, id="a sentence"
        ),
        pytest.param(in_entry(DOCUMENTS, b'"b.md"', b"7"), True, id="name of a wrong type"),
        pytest.param(in_entry(DOCUMENTS, b'"chunks": 40', b'"chunks": 41'), True, id="a chunk too few"),
        pytest.param(in_entry(DOCUMENTS, b'"size": ', b'"size": NaN, "x": '), True, id="not a number"),
        pytest.param(in_entry(DOCUMENTS, b'"size": ', b'"size": 9' + b"9" * 30), True, id="number too large"),
        pytest.param(in_entry(CHUNKS, b'"index": 1,', b'"index": 2,'), True, id="chunks out of order"),
        pytest.param(in_entry(CHUNKS, b'"index": 1,', b'"index": true,'), True, id="true as a number"),
        pytest.param(in_entry(CHUNKS, b'"tokens"', b'"tokes"'), True, id="unknown field"),
        pytest.param(added(VECTORS, b"\x00" * 7), True, id="vectors of another length"),
        pytest.param(added(VECTORS, b"\x00\x00\xc0\x7f" * 32 * 43), True, id="vectors that are not numbers"),
        pytest.param(added("extra/zeros.bin", b"\x00" * 30_000_000), True, id="bomb"),
        pytest.param(added(f"originals/{sha256(b'x').hexdigest()}"), True, id="original of no document"),
        pytest.param(added(f"originals/{SAMPLES[0].document.sha256}"), True, id="original of another content"),
        pytest.param(added("originals/../x"), True, id="original outside"),
    ],
)
def test_what_is_not_a_sound_archive_is_refused_before_anything_happens(
    archive: Path, change: Callable[[dict[str, bytes]], None], honest: bool
) -> None:
    rebuilt(archive, change, honest=honest)
    with pytest.raises(TransferError) as refused, Archive.open(archive):
        pass
    assert refused.value.reason.code == "transfer.broken", refused.value
    assert "Nothing was imported" in str(refused.value)


def test_an_entry_that_is_there_twice_is_refused(archive: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(archive, "a") as file:
        file.writestr(CHUNKS, b"")
    with pytest.raises(TransferError), Archive.open(archive):
        pass


@pytest.mark.parametrize("cut", [0, 10, 0.5, 0.99], ids=["empty", "a few bytes", "half", "almost whole"])
def test_a_cut_archive_is_refused(archive: Path, cut: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(cut if cut >= 1 else cut * len(whole))])
    with pytest.raises(TransferError) as refused, Archive.open(archive):
        pass
    assert refused.value.reason.code == "transfer.broken"


def test_a_flipped_byte_anywhere_is_found(archive: Path) -> None:
    whole = archive.read_bytes()
    found = 0
    for position in range(0, len(whole), max(1, len(whole) // 60)):
        archive.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            with Archive.open(archive) as opened:
                assert [c.document.name for c in opened.contents()] == ["b.md", "empty.md", "guides/a.md", "空.md"]
        except TransferError:
            found += 1
    assert found > 30  # the rest fell on what means nothing, such as dates


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TransferError) as refused, Archive.open(tmp_path / "no.zip"):
        pass
    assert refused.value.reason.code == "transfer.unreadable"


# ---- records --------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CHUNK = st.builds(
    Chunk,
    index=st.integers(0, 2**40),
    start=st.integers(0, 2**40),
    end=st.integers(0, 2**40),
    heading_path=st.lists(TEXT).map(tuple),
    text=TEXT,
    tokens=st.integers(0, 2**40),
)


@given(CHUNK)
def test_any_chunk_survives_as_one_line(chunk: Chunk) -> None:
    written = line(chunk)
    assert written.count(b"\n") == 1 and len(written.splitlines()) == 1
    assert parsed(Chunk, written) == chunk


@given(
    st.builds(
        Document,
        size=st.integers(0, 2**40),
        chunks=st.integers(0, 2**40),
        tokens=st.integers(0, 2**40),
        ingested_at=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_any_document_survives(document: Document) -> None:
    assert parsed(Document, line(document)) == document


def test_a_store_that_gives_way_is_its_own_error(full: MilvusStore, stores: Callable[[str], MilvusStore]) -> None:
    target = stores("target")
    moving = move(full.contents(), target)
    next(moving)
    target.close()
    with pytest.raises(StoreError):
        list(moving)
