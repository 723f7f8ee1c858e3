"""The packaged model: found without running its package, checked, and equal to Sentence-Transformers' own vectors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelRejected, ModelsError
from rag.models.device import DeviceLock
from rag.models.numbers import NumberType
from rag.models.offline import MINILM, MiniLmEmbedder
from rag.models.offline.embedder import Encoded
from rag.models.offline.package import check
from tests import ROOT
from tests.support.turns import DOCUMENT, QUESTION, TurnLog

FOLDER = MINILM.find().parent
TEXTS = ["How do I update Milvus?", "Upgrade Milvus from 2.3 to 2.4", "a b c " * 200, "向量数据库", ""]


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder.load(lock=DeviceLock())


def encoded(embedder: MiniLmEmbedder, texts: Sequence[str]) -> list[Encoded]:
    found: dict[int, Encoded] = {}
    for group in embedder.passages(texts, urgent=True):
        found.update(group)
    return [found[position] for position in range(len(texts))]


def test_vectors_are_those_of_sentence_transformers(embedder: MiniLmEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(FOLDER), device="cpu", local_files_only=True)
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    found = embedder.embed_documents(TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_in_bf16_vectors_and_pieces_are_nearly_the_same_and_it_says_so(embedder: MiniLmEmbedder) -> None:
    rough = MiniLmEmbedder.load(lock=DeviceLock(), number_type=NumberType.BF16)
    assert (embedder.info.dtype, rough.info.dtype) == ("float32", "bfloat16")
    assert rough.info.revision == embedder.info.revision, "an index made in one type is searched in the other"
    for near, exact in zip(encoded(rough, TEXTS), encoded(embedder, TEXTS), strict=True):
        assert near.vector @ exact.vector > 0.9998
        cosines = (near.pieces.astype(np.float32) * exact.pieces.astype(np.float32)).sum(axis=1)
        assert all(cosines > 0.998)


def test_a_query_is_embedded_like_a_document(embedder: MiniLmEmbedder) -> None:
    query = embedder.embed_query(TEXTS[0], instruction="an instruction this model has not learnt")
    np.testing.assert_allclose(query, embedder.embed_documents(TEXTS[:1]), atol=1e-6)


def test_meaning_is_near(embedder: MiniLmEmbedder) -> None:
    asked, near, _, far, _ = embedder.embed_documents(TEXTS)
    assert asked @ near > 0.7 > asked @ far


def test_quotes_of_an_answer_go_before_the_documents_of_an_ingest() -> None:
    lock = TurnLog()
    embedder = MiniLmEmbedder.load(lock=lock)
    lock.turns.clear()
    embedder.embed_documents(["a sentence of an answer"])
    list(embedder.stream_documents(["a chunk of a document"]))
    assert lock.turns == [QUESTION, DOCUMENT]
    long = ["word " * 300 + str(number) for number in range(6)]
    lock.check_overtakes(lambda: embedder.embed_documents(["a quote"]), lambda: list(embedder.stream_documents(long)))


def test_no_texts_give_no_rows(embedder: MiniLmEmbedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.dimension)


def test_special_words_in_a_text_are_plain_text(embedder: MiniLmEmbedder) -> None:
    assert embedder.count_tokens(["[SEP]"]) == [3]  # brackets and what is between them


def test_pieces_are_those_of_the_text_alone(embedder: MiniLmEmbedder) -> None:
    short, long = encoded(embedder, ["two words", "word " * 400])
    assert short.pieces.shape == (2, 384)
    assert long.pieces.shape == (254, 384)
    np.testing.assert_allclose(np.linalg.norm(short.pieces.astype(np.float32), axis=1), 1, atol=1e-2)


def test_a_batch_does_not_change_the_pieces(embedder: MiniLmEmbedder) -> None:
    alone = encoded(embedder, ["two words"])[0]
    together = encoded(MiniLmEmbedder.load(lock=DeviceLock()), ["word " * 100, "two words"])[1]
    np.testing.assert_allclose(alone.pieces, together.pieces, atol=2e-3)


def test_texts_of_a_large_document_come_back_in_their_places(embedder: MiniLmEmbedder) -> None:
    texts = [f"{number} word" + " " * 40_000 for number in range(6)]
    found = embedder.embed_documents(texts)
    np.testing.assert_allclose(found, [embedder.embed_documents([text])[0] for text in texts], atol=1e-5)


def test_it_says_that_it_knows_english_alone(embedder: MiniLmEmbedder) -> None:
    assert embedder.info.languages == ("en",)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelsError) as caught:
        replace(MINILM, package="no_such_package").find()
    assert caught.value.reason.code == "offline.package_missing"
    assert caught.value.reason.values == {"package": "no-such-package"}


def test_changed_weights_are_not_loaded(tmp_path: Path) -> None:
    for file in ("config.json", "modules.json", "tokenizer.json"):
        (tmp_path / file).write_bytes((FOLDER / file).read_bytes())
    weights = bytearray((FOLDER / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelRejected) as caught:
        MiniLmEmbedder.load(tmp_path, lock=DeviceLock())
    assert caught.value.reason.code == "offline.wrong_weights"
    assert caught.value.reason.values["expected"] == MINILM.sha256


def test_weights_that_are_not_there_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected) as caught:
        check(tmp_path / "model.safetensors", sha256=MINILM.sha256)
    assert caught.value.reason.code == "offline.weights_unreadable"


def test_no_code_of_the_package_runs() -> None:
    script = (
        "import sys; from rag.models.device import DeviceLock; from rag.models.offline import MiniLmEmbedder; "
        f"MiniLmEmbedder.load(lock=DeviceLock()); print('{MINILM.package}' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
