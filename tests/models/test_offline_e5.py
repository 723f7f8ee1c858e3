"""The multilingual packaged model: its file read as data, its layers against the published network, and what it knows.

What is about the numbers is shown on a tiny file of the same layout, what is about languages on the package itself.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rag.errors import ModelRejected
from rag.models.device import DeviceLock
from rag.models.offline import E5, E5Embedder, PackagedEmbedder
from rag.models.offline.affine import Affine
from rag.models.offline.centres import SENTENCES, sentences
from rag.models.offline.embedder import Centre, Encoded, Framing
from rag.models.offline.encoder import Encoder
from rag.models.offline.package import check
from rag.models.offline.packed_file import PackedFile
from rag.models.offline.pieces import PieceTokenizer
from rag.text.language import detect
from tests import ROOT
from tests.support.packed_e5 import (
    EPSILON,
    HEADS,
    HIDDEN,
    LAYERS,
    PIECES,
    POSITIONS,
    SPECIAL,
    WIDE,
    TinyModel,
    write_packed_model,
)

if TYPE_CHECKING:
    from transformers import BertModel

needs_package = pytest.mark.skipif(not E5.installed(), reason=f"{E5.package} is made for Linux on x86-64 alone")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return write_packed_model(tmp_path_factory.mktemp("packed") / "tiny.bin")


@pytest.fixture(scope="module")
def published(tiny: TinyModel) -> BertModel:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(SPECIAL + PIECES),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=POSITIONS,
        layer_norm_eps=EPSILON,
    )
    model: BertModel = BertModel(config, add_pooling_layer=False)
    model.train(False)
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in tiny.weights.items()})
    return model


class AsComputed(E5Embedder):
    """Vectors as the network gives them, their language still in them."""

    def _settled(self, encoded: Encoded, text: str, frame: Framing) -> Encoded:
        return encoded


@pytest.fixture(scope="module")
def small(tiny: TinyModel) -> E5Embedder:
    return AsComputed.load(tiny.path, lock=DeviceLock())


def expected(published: BertModel, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        states: torch.Tensor = published(torch.tensor([ids])).last_hidden_state[0]
    return states


def test_rows_of_a_pack_are_those_of_the_published_network(tiny: TinyModel, published: BertModel) -> None:
    texts = [[0, 5, 7, 2], [0, 2], [0, *[4 + n % 15 for n in range(200)], 2], [0, 9, 2]]
    found = Encoder(PackedFile(tiny.path)).rows(texts)
    assert [len(rows) for rows in found] == [len(text) for text in texts]
    for rows, text in zip(found, texts, strict=True):
        torch.testing.assert_close(rows, expected(published, text), atol=2e-5, rtol=1e-4)


def test_texts_of_many_lengths_are_multiplied_in_few_numbers_of_rows(
    tiny: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, seen = Encoder(PackedFile(tiny.path)), set()
    product = Affine.__call__

    def counted(self: Affine, x: torch.Tensor) -> torch.Tensor:
        seen.add(len(x))
        return product(self, x)

    monkeypatch.setattr(Affine, "__call__", counted)
    for length in range(2, 100):
        assert [len(rows) for rows in encoder.rows([[0, *[5] * (length - 2), 2], [0, 2]])] == [length, 2]
    assert len(seen) == 102 // 16 + 1


def test_a_question_and_a_passage_are_told_apart_by_what_stands_before_them(
    small: E5Embedder, published: BertModel
) -> None:
    pieces = SPECIAL + PIECES
    for found, word in (
        (small.embed_query("ab", instruction="x"), "▁query"),
        (small.embed_documents(["ab"]), "▁passage"),
    ):
        ids = [pieces.index(piece) for piece in ("<s>", word, ":", "▁ab", "</s>")]
        mean = expected(published, ids).mean(0).numpy()
        np.testing.assert_allclose(found[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_pieces_are_those_of_the_text_alone(small: E5Embedder, published: BertModel) -> None:
    (group,) = small.passages(["a c"], urgent=True)
    pieces = SPECIAL + PIECES
    ids = [pieces.index(piece) for piece in ("<s>", "▁passage", ":", "▁a", "▁", "c", "</s>")]
    rows = torch.nn.functional.normalize(expected(published, ids)[3:-1], dim=-1).numpy()
    np.testing.assert_allclose(group[0].pieces, rows, atol=2e-3)


def test_a_long_text_is_cut(small: E5Embedder) -> None:
    (group,) = small.passages(["a " * 400], urgent=True)
    assert len(group[0].pieces) == small.max_tokens
    assert small.count_tokens(["a " * 400]) == [400]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("ab", ["▁ab"], id="one piece"),
        pytest.param("  a\n\n b ", ["▁a", "▁", "b"], id="blanks of any kind are one"),
        pytest.param("Ａ", ["▁a"], id="a character written otherwise"),
        pytest.param("a\x01b", ["▁ab"], id="a character left out"),
        pytest.param("e\u0301", ["▁", "é"], id="a composed letter"),
        pytest.param("<s>", ["▁", "<", "s", ">"], id="no special piece"),
        pytest.param("</s>a", ["▁", "<", "/", "s", ">", "a"], id="no special piece inside a word"),
        pytest.param("ж", ["▁", "<unk> "], id="an unknown letter"),
        pytest.param("a\ud800", ["▁a", "<unk> "], id="half of a surrogate pair"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_text_is_cut_into_pieces(tiny: TinyModel, text: str, pieces: list[str]) -> None:
    tokenizer = PieceTokenizer(PackedFile(tiny.path).vocabulary())
    (ids,) = tokenizer.ids([text])
    named = [(SPECIAL + PIECES)[number] for number in ids]
    assert named == [piece.strip(" ") for piece in pieces]
    assert tokenizer.counts([text]) == [len(pieces)]


def test_special_pieces_never_come_out_of_a_text(tiny: TinyModel) -> None:
    tokenizer = PieceTokenizer(PackedFile(tiny.path).vocabulary())
    (ids,) = tokenizer.ids([" ".join((*SPECIAL, "<mask>"))])
    special = {number for number, piece in enumerate(SPECIAL + PIECES) if piece in (*SPECIAL, "<mask>")}
    assert special.intersection(ids) <= {SPECIAL.index("<unk>")}


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"GGUF" + data[4:], id="another kind"),
        pytest.param(lambda data: data[:40], id="cut in its head"),
        pytest.param(lambda data: data[:300], id="cut in the vocabulary"),
        pytest.param(lambda data: data[:-1], id="cut in the weights"),
        pytest.param(lambda data: data[:40] + b"\xff\xff\xff\x7f" + data[44:], id="blocks of another size"),
    ],
)
def test_a_damaged_file_is_rejected(tiny: TinyModel, tmp_path: Path, damaged: object) -> None:
    path = tmp_path / "damaged.bin"
    path.write_bytes(damaged(tiny.path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelRejected) as caught:
        E5Embedder.load(path, lock=DeviceLock())
    assert caught.value.reason.code == "offline.unreadable"
    assert caught.value.reason.values["path"] == str(path)


def test_only_the_file_that_was_measured_is_loaded(tiny: TinyModel) -> None:
    with pytest.raises(ModelRejected) as caught:
        check(tiny.path, sha256=E5.sha256)
    assert caught.value.reason.code == "offline.wrong_weights"


def test_a_package_that_is_not_there_is_not_installed() -> None:
    assert not replace(E5, package="no_such_package").installed()


def test_what_all_texts_have_in_common_is_taken_off() -> None:
    def encoded(*rows: list[float]) -> Encoded:
        pieces = np.array(rows, np.float32)
        return Encoded(pieces.mean(0), pieces.astype(np.float16))

    first, second = encoded([1, 0, 0], [1, 1, 0]), encoded([1, 0, 1])
    centre = Centre.of([first, second])
    np.testing.assert_allclose(centre.vector, [1, 0.25, 0.5])
    np.testing.assert_allclose(centre.pieces, [1, 0.25, 0.5])
    found = second.without(centre)
    np.testing.assert_allclose(found.vector, np.array([0, -0.25, 0.5]) / np.hypot(0.25, 0.5), atol=1e-6)
    np.testing.assert_allclose(found.pieces[0], found.vector, atol=1e-3)
    assert len(Encoded(first.vector, first.pieces[:0]).without(centre).pieces) == 0


def test_a_language_without_sentences_has_those_of_others() -> None:
    assert sentences("zh") == SENTENCES["zh"]
    assert sentences("sw") == sentences("und") and len(sentences("sw")) > len(sentences("zh"))


@pytest.mark.parametrize("language", SENTENCES)
def test_the_sentences_of_a_language_are_recognised_as_such(language: str) -> None:
    assert len(SENTENCES[language]) == len(SENTENCES["en"])
    assert {detect(sentence) for sentence in SENTENCES[language]} == {language}


# ---- the package itself ---------------------------------------------------------------------------------------------

PASSAGES = (
    "Milvus can manage vectors with up to 32,768 dimensions by default.",
    "您可以在设置页面修改登录密码。",
    "Поезд в Казань отправляется в девять часов утра.",
    "เปลี่ยนน้ำมันเครื่องทุกหนึ่งหมื่นกิโลเมตร",
    "Preheat the oven to 180 degrees and bake the bread for forty minutes.",
    "Der Vertrag kann mit einer Frist von drei Monaten gekündigt werden.",
)


@pytest.fixture(scope="module")
def every() -> PackagedEmbedder:
    return E5Embedder.load(lock=DeviceLock())


@needs_package
@pytest.mark.parametrize(
    ("question", "best"),
    [
        pytest.param("Milvus 的向量最多可以有多少维？", 0, id="Chinese finds English"),
        pytest.param("how do I change my password", 1, id="English finds Chinese"),
        pytest.param("When does the train leave?", 2, id="English finds Russian"),
        pytest.param("多久需要更换一次机油？", 3, id="Chinese finds Thai"),
        pytest.param("Сколько печь хлеб?", 4, id="Russian finds English"),
        pytest.param("How long is the notice period of the contract?", 5, id="English finds German"),
    ],
)
def test_a_question_in_one_language_finds_the_passage_in_another(
    every: PackagedEmbedder, question: str, best: int
) -> None:
    similar = every.embed_documents(PASSAGES) @ every.embed_query(question, instruction="")[0]
    assert int(np.argmax(similar)) == best


@needs_package
def test_every_sentence_is_nearest_to_its_translation(every: PackagedEmbedder) -> None:
    """Whatever the language: what they have in common was taken off."""
    asked = np.concatenate([every.embed_query(sentence, instruction="") for sentence in SENTENCES["en"]])
    texts = [sentence for language in SENTENCES if language != "en" for sentence in SENTENCES[language]]
    similar = (asked @ every.embed_documents(texts).T).reshape(len(asked), -1, len(asked))
    right = similar.argmax(axis=2) == np.arange(len(asked))[:, None]
    assert right.mean() > 0.97


@needs_package
def test_a_passage_that_answers_is_found_among_those_in_the_language_of_the_question(every: PackagedEmbedder) -> None:
    answer = "Milvus can manage vectors with up to 32,768 dimensions by default."
    others = [*SENTENCES["zh"], "向量数据库用于检索。", "系统默认使用三个副本。"]
    similar = every.embed_documents([answer, *others]) @ every.embed_query("向量最多可以有多少维？", instruction="")[0]
    assert int(np.argmax(similar)) == 0


@needs_package
def test_it_knows_many_languages(every: PackagedEmbedder) -> None:
    assert every.info.languages == ()
    assert every.info.name == "intfloat/multilingual-e5-small"


@needs_package
def test_no_code_of_the_package_runs() -> None:
    script = (
        "import sys; from rag.models.device import DeviceLock; from rag.models.offline import E5Embedder; "
        f"E5Embedder.load(lock=DeviceLock()); print([n for n in sys.modules if n.startswith('{E5.package}')])"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
