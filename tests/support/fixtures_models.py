"""Session fixtures: tiny Qwen3 folders and the adapters loaded from them. Imported by conftest.

torch is imported inside the fixtures, so that a run without models does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.models.device import DeviceLock, Placement

if TYPE_CHECKING:
    from rag.models.qwen3.embedding import Qwen3Embedder
    from rag.models.qwen3.reranking import Qwen3Reranker

CPU = Placement(device="cpu", dtype="float32", threads=1)


@pytest.fixture(scope="session")
def embedding_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_qwen3 import write_embedding_model

    return write_embedding_model(tmp_path_factory.mktemp("models") / "embedding")


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_qwen3 import write_reranker

    return write_reranker(tmp_path_factory.mktemp("models") / "reranker")


@pytest.fixture(scope="session")
def load_embedder(embedding_folder: Path) -> Callable[..., Qwen3Embedder]:
    """The tiny embedding model with any options; `folder` for another one."""
    from rag.models.qwen3.embedding import Qwen3Embedder

    def load(folder: Path = embedding_folder, **options: Any) -> Qwen3Embedder:
        given: dict[str, Any] = {"name": "tiny/embedding", "revision": "r1", "placement": CPU, "lock": DeviceLock()}
        return Qwen3Embedder.load(folder, **{**given, **options})

    return load


@pytest.fixture(scope="session")
def load_reranker(reranker_folder: Path) -> Callable[..., Qwen3Reranker]:
    """The tiny reranker with any options; `folder` for another one."""
    from rag.models.qwen3.reranking import Qwen3Reranker

    def load(folder: Path = reranker_folder, **options: Any) -> Qwen3Reranker:
        given: dict[str, Any] = {"name": "tiny/reranker", "revision": "r1", "placement": CPU, "lock": DeviceLock()}
        return Qwen3Reranker.load(folder, **{**given, **options})

    return load


@pytest.fixture(scope="session")
def embedder(load_embedder: Callable[..., Qwen3Embedder]) -> Qwen3Embedder:
    return load_embedder()


@pytest.fixture(scope="session")
def reranker(load_reranker: Callable[..., Qwen3Reranker]) -> Qwen3Reranker:
    return load_reranker()
