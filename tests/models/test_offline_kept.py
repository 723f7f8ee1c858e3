"""Passages that the offline models read once are not read again, and nothing ranks otherwise for it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from rag.answering.extract.scoring import UNRELATED, Scoring
from rag.models.device import DeviceLock
from rag.models.kept_vectors import KeptVectors
from rag.models.offline import MaxSimReranker, MiniLmEmbedder
from rag.models.offline.embedder import Encoded
from rag.types import PassagePart

QUESTION = "How do I update Milvus?"
PASSAGES = ["Upgrade Milvus from 2.3 to 2.4 with Helm.", "Collections hold entities.", "x " * 300, ""]


class Loaded:
    """The English model as a start loads it, and the number of passages it has read since."""

    def __init__(self, folder: Path) -> None:
        self.kept = KeptVectors(folder / "vectors.db", megabytes=10)
        self.model = MiniLmEmbedder.load(lock=DeviceLock(), kept=self.kept)
        self.read = 0
        run = self.model._run

        def counted(rows: Sequence[Sequence[int]], frame: object) -> list[Encoded]:
            self.read += len(rows)
            return run(rows, frame)  # type: ignore[arg-type]

        self.model._run = counted  # type: ignore[method-assign]

    def scores(self) -> dict[int, float]:
        return dict(MaxSimReranker(self.model).score(QUESTION, PASSAGES, instruction=""))


def test_after_a_restart_passages_are_not_read_again_and_score_the_same(tmp_path: Path) -> None:
    first = Loaded(tmp_path)
    before = first.scores()
    assert first.read == 1 + len(PASSAGES)  # the question, too
    again = Loaded(tmp_path)
    assert again.scores() == before
    assert again.read == 1


def test_quotes_are_kept_with_their_passage_and_leave_with_it(tmp_path: Path) -> None:
    quote = PassagePart.of("with Helm", PASSAGES[0])
    vectors = Loaded(tmp_path).model.embed_documents([quote])
    again = Loaded(tmp_path)
    assert (again.model.embed_documents([quote]) == vectors).all()
    assert again.read == 0
    again.kept.forget([sha256(PASSAGES[0].encode()).hexdigest()])
    forgotten = Loaded(tmp_path)
    forgotten.model.embed_documents([quote])
    assert forgotten.read == 1


def test_what_no_question_is_about_is_read_once_for_all_starts(tmp_path: Path) -> None:
    for read in (len(UNRELATED), 0):
        loaded = Loaded(tmp_path)
        assert len(Scoring(loaded.model, lambda _: "en")._unrelated) == len(UNRELATED)
        assert loaded.read == read


def test_what_somebody_typed_is_not_kept(tmp_path: Path) -> None:
    Loaded(tmp_path).model.embed_documents(["typed by a visitor"])
    Loaded(tmp_path).model.embed_query("asked by a visitor", instruction="")
    assert not (tmp_path / "vectors.db").exists()


def test_documents_are_kept_while_there_is_room_and_an_index_made_anew_finds_them(tmp_path: Path) -> None:
    for _ in Loaded(tmp_path).model.stream_documents(PASSAGES):
        pass
    again = Loaded(tmp_path)
    assert sorted(at for places, _ in again.model.stream_documents(PASSAGES) for at in places) == [0, 1, 2, 3]
    assert again.read == 0


def test_vectors_in_another_number_type_are_not_taken(tmp_path: Path) -> None:
    first = Loaded(tmp_path)
    first.scores()
    other = MiniLmEmbedder.load(lock=DeviceLock(), kept=first.kept)
    other._encoder.dtype = "bfloat16"
    assert first.kept.found(first.model._identity, PASSAGES)
    assert not first.kept.found(other._identity, PASSAGES)


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"\xff" * (4 * 384), b"\0" * (4 * 384 + 1)])
def test_bytes_that_are_no_vectors_of_that_width_are_none(data: bytes) -> None:
    assert Encoded.read(data, 384) is None
