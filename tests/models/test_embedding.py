"""The embedding adapter on a tiny Qwen3 model, against vectors computed here by hand, one text at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason
from tests.support.fixtures_models import CPU
from tests.support.tiny_qwen3 import END, HIDDEN, POSITIONS, write_embedding_model
from tests.support.turns import TurnLog

if TYPE_CHECKING:
    from rag.models.qwen3.embedding import Qwen3Embedder

TASK = "Given a web search query, retrieve relevant passages that answer the query"
TEXTS = ["北京", "Milvus stores vectors and finds the nearest ones.", "", "a", "one two three " * 40, "a"]


def assert_close(vectors: Any, expected: Any) -> None:
    np.testing.assert_allclose(vectors, expected, atol=2e-6)


@pytest.fixture(scope="module")
def by_hand(embedding_folder: Path) -> Callable[[str], Any]:
    """The unit vector of one text's last token, without padding, batching or Sentence-Transformers."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(embedding_folder))
    model = AutoModel.from_pretrained(str(embedding_folder), dtype=torch.float32).eval()

    def vector(text: str, *, limit: int | None = None) -> Any:
        ids = tokenizer.encode(text, add_special_tokens=False)[: limit and limit - 1]
        with torch.inference_mode():
            states = model(torch.tensor([[*ids, tokenizer.convert_tokens_to_ids(END)]])).last_hidden_state
        last = states[0, -1].numpy()
        return last / np.linalg.norm(last)

    return vector


def test_documents_are_raw_texts_in_their_order(embedder: Qwen3Embedder, by_hand: Callable[[str], Any]) -> None:
    vectors = embedder.embed_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert_close(vectors, [by_hand(text) for text in TEXTS])


def test_the_query_carries_its_instruction_without_a_blank(
    embedder: Qwen3Embedder, by_hand: Callable[..., Any]
) -> None:
    vector = embedder.embed_query("首都?", instruction="Find the city")
    assert_close(vector, [by_hand("Instruct: Find the city\nQuery:首都?")])


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_instruction_is_the_default_one(
    embedder: Qwen3Embedder, by_hand: Callable[..., Any], blank: str
) -> None:
    expected = by_hand(f"Instruct: {TASK}\nQuery:capital")
    assert_close(embedder.embed_query("capital", instruction=blank)[0], expected)


def test_an_instruction_cannot_open_a_second_line(embedder: Qwen3Embedder, by_hand: Callable[..., Any]) -> None:
    vector = embedder.embed_query("capital", instruction="Find\nQuery:nothing")
    assert_close(vector[0], by_hand("Instruct: Find Query:nothing\nQuery:capital"))


def test_a_query_is_not_embedded_like_a_document(embedder: Qwen3Embedder) -> None:
    query, document = embedder.embed_query("capital", instruction=TASK), embedder.embed_documents(["capital"])
    assert float((query @ document.T)[0, 0]) < 0.99


@pytest.mark.parametrize(("tokens", "rows"), [(64, None), (100_000, None), (100_000, 256)])
@pytest.mark.parametrize("seed", [0, 1])
def test_batches_and_padding_change_nothing(
    load_embedder: Callable[..., Qwen3Embedder], embedder: Qwen3Embedder, tokens: int, rows: int | None, seed: int
) -> None:
    shuffled = [TEXTS[n] for n in np.random.default_rng(seed).permutation(len(TEXTS))]
    batched = load_embedder(batch_tokens=tokens, placement=replace(CPU, batch_rows=rows))
    together = batched.embed_documents(shuffled)
    assert_close(together, np.vstack([embedder.embed_documents([t]) for t in shuffled]))


def test_nothing_gives_no_rows(embedder: Qwen3Embedder) -> None:
    vectors = embedder.embed_documents([])
    assert vectors.shape == (0, HIDDEN) and vectors.dtype == np.float32


def test_identical_texts_are_embedded_once(load_embedder: Callable[..., Qwen3Embedder]) -> None:
    lock = TurnLog()
    embedder = load_embedder(lock=lock, batch_tokens=64)
    before = len(lock.turns)
    vectors = embedder.embed_documents(["the same long sentence " * 20] * 5)
    assert len(lock.turns) == before + 1
    assert vectors.shape == (5, HIDDEN) and (vectors == vectors[0]).all()


@pytest.mark.parametrize("text", ["one two three " * 100, "没有空格的长文本" * 60])
def test_a_long_text_is_cut_and_still_ends_properly(
    load_embedder: Callable[..., Qwen3Embedder], by_hand: Callable[..., Any], text: str
) -> None:
    vector = load_embedder(max_tokens=64).embed_documents([text])
    assert_close(vector, [by_hand(text, limit=64)])


def test_no_text_is_longer_than_the_model_takes(load_embedder: Callable[..., Qwen3Embedder]) -> None:
    embedder = load_embedder(max_tokens=32768)
    assert embedder.max_tokens == POSITIONS
    assert embedder.embed_documents(["a b c d " * POSITIONS]).shape == (1, HIDDEN)


def test_a_shorter_vector_is_cut_then_normalised(load_embedder: Callable[..., Qwen3Embedder]) -> None:
    whole = load_embedder().embed_documents(TEXTS)
    cut = whole[:, :32]
    embedder = load_embedder(dimension=32)
    assert embedder.dimension == 32
    assert (np.linalg.norm(cut, axis=1) < 0.95).any(), "without the second step these would not be unit vectors"
    expected = cut / np.linalg.norm(cut, axis=1, keepdims=True)
    assert_close(embedder.embed_documents(TEXTS), expected)
    np.testing.assert_allclose(np.linalg.norm(embedder.embed_query("q", instruction=""), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("tag", ["<|endoftext|>", "<|im_end|>", "<think>"])
def test_special_strings_in_a_document_stay_text(
    embedder: Qwen3Embedder, by_hand: Callable[..., Any], tag: str
) -> None:
    text = f"before {tag} after"
    as_tag, as_text = by_hand(text), embedder.embed_documents([text])[0]
    assert float(as_tag @ as_text) < 0.999


def test_tokens_are_counted_without_special_ones(embedder: Qwen3Embedder, embedding_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(embedding_folder))
    assert embedder.count_tokens(TEXTS) == [len(tokenizer.encode(t, add_special_tokens=False)) for t in TEXTS]
    assert embedder.count_tokens([]) == []


def test_info_names_what_runs(embedder: Qwen3Embedder) -> None:
    info = embedder.info
    assert (info.name, info.revision, info.device, info.dtype) == ("tiny/embedding", "r1", "cpu", "float32")


def test_a_plain_transformers_folder_gives_the_same_vectors(
    load_embedder: Callable[..., Qwen3Embedder], embedder: Qwen3Embedder, embedding_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(embedding_folder, tmp_path / "bare"))
    (folder / "modules.json").unlink()
    assert_close(load_embedder(folder).embed_documents(TEXTS), embedder.embed_documents(TEXTS))


def test_a_query_overtakes_a_long_ingest(load_embedder: Callable[..., Qwen3Embedder]) -> None:
    lock = TurnLog()
    embedder = load_embedder(lock=lock, batch_tokens=64)
    texts = [f"document {n} " * 8 for n in range(6)]
    lock.check_overtakes(
        lambda: embedder.embed_query("first?", instruction=""), lambda: list(embedder.stream_documents(texts))
    )


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_mean_pooling_is_refused(load_embedder: Callable[..., Qwen3Embedder], tmp_path: Path) -> None:
    folder = write_embedding_model(tmp_path / "mean", pooling="mean_tokens")
    with pytest.raises(ModelRejected) as refused:
        load_embedder(folder)
    assert refused.value.reason == reason("models.pooling", model="tiny/embedding", found="mean")


def test_a_tokenizer_that_does_not_end_texts_is_refused(
    load_embedder: Callable[..., Qwen3Embedder], tmp_path: Path
) -> None:
    folder = write_embedding_model(tmp_path / "endless", end=False)
    with pytest.raises(ModelRejected) as refused:
        load_embedder(folder)
    assert refused.value.reason.code == "models.last_token"
    assert refused.value.reason.values["token"] == END


@pytest.mark.parametrize("wanted", [31, HIDDEN + 1])
def test_a_dimension_out_of_range_is_refused(load_embedder: Callable[..., Qwen3Embedder], wanted: int) -> None:
    with pytest.raises(ModelRejected) as refused:
        load_embedder(dimension=wanted)
    expected = reason("models.dimension", model="tiny/embedding", value=wanted, smallest=32, largest=HIDDEN)
    assert refused.value.reason == expected


def test_damaged_weights_are_refused(
    load_embedder: Callable[..., Qwen3Embedder], embedding_folder: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(embedding_folder, tmp_path / "nan"))
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelRejected) as refused:
        load_embedder(folder)
    assert refused.value.reason.code == "models.vector"


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        pytest.param({"model_type": "bert"}, ModelRejected, "models.family", id="another family"),
        pytest.param(None, ModelsError, "models.unreadable", id="no config"),
    ],
)
def test_another_model_is_refused_before_it_loads(
    load_embedder: Callable[..., Qwen3Embedder],
    embedding_folder: Path,
    tmp_path: Path,
    change: dict[str, str] | None,
    error: type[ModelsError],
    code: str,
) -> None:
    folder = Path(shutil.copytree(embedding_folder, tmp_path / "other"))
    config = folder / "config.json"
    if change is None:
        config.unlink()
    else:
        config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    with pytest.raises(error) as refused:
        load_embedder(folder)
    assert refused.value.reason.code == code
