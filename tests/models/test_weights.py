"""Complete or not, and which version: on real tiny model folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.models.hub.weights import SAMPLE_BYTES, SAMPLES, local_revision, missing_files
from tests.support.tiny_qwen3 import write_embedding_model


@pytest.fixture
def folder(embedding_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedding_folder, tmp_path / "copy"))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def pointer(path: Path) -> None:
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1191586416\n")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        pytest.param("config.json", Path.unlink, id="no config"),
        pytest.param("tokenizer.json", Path.unlink, id="no tokenizer"),
        pytest.param("model.safetensors", Path.unlink, id="no weights"),
        pytest.param("model.safetensors", truncate, id="weights cut short"),
        pytest.param("model.safetensors", pointer, id="large file not fetched by git"),
        pytest.param("model.safetensors", lambda path: path.write_bytes(b""), id="empty weights"),
    ],
)
def test_what_is_missing_is_named(folder: Path, name: str, harm: Callable[[Path], object]) -> None:
    assert missing_files(folder) == []
    harm(folder / name)
    assert missing_files(folder) == [name]


def test_every_shard_is_needed(tmp_path: Path) -> None:
    folder = write_embedding_model(tmp_path / "shards", shards=True)
    shards = sorted(path.name for path in folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert missing_files(folder) == []
    (folder / shards[-1]).unlink()
    assert missing_files(folder) == shards[-1:]


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": []}'])
def test_a_broken_index_is_missing(folder: Path, index: str) -> None:
    (folder / "model.safetensors.index.json").write_text(index)
    assert missing_files(folder) == ["model.safetensors.index.json"]


def test_the_same_files_are_the_same_version_wherever_they_lie(folder: Path, embedding_folder: Path) -> None:
    assert local_revision(folder) == local_revision(embedding_folder)


def test_other_weights_are_another_version(embedding_folder: Path, tmp_path: Path) -> None:
    other = write_embedding_model(tmp_path / "other", seed=5)
    assert local_revision(other) != local_revision(embedding_folder)


def test_large_weights_are_sampled_from_end_to_end(folder: Path) -> None:
    weights = folder / "model.safetensors"
    data = bytearray(4 * SAMPLES * SAMPLE_BYTES)
    weights.write_bytes(data)
    before = local_revision(folder)
    data[-1] = 1
    weights.write_bytes(data)
    assert local_revision(folder) != before
