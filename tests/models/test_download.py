"""Downloads from a hub on loopback: whole, broken, resumed, stopped, damaged, and loaded at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import huggingface_hub.constants
import numpy as np
import pytest

from rag.errors import ModelsError, Stopped
from rag.events import Cancel
from rag.models.hub.download import download
from rag.models.hub.locate import Downloadable, ModelFolder, locate
from tests.support.hub_server import COMMIT, Hub, files_of, serve

if TYPE_CHECKING:
    from rag.models.qwen3.embedding import Qwen3Embedder

MODEL = "tiny/embedding"
WEIGHTS = "model.safetensors"


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite forbids the hub; these tests bring their own."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def hub(embedding_folder: Path) -> Iterator[Hub]:
    with serve(Hub(MODEL, files_of(embedding_folder))) as running:
        yield running


def offered(hub: Hub, cache: Path) -> Downloadable:
    offer = locate(MODEL, cache_dir=cache, endpoint=hub.address)
    assert isinstance(offer, Downloadable), offer
    return offer


def fetch(hub: Hub, cache: Path, *, progress: Callable[[int, int], None] = lambda *_: None) -> ModelFolder:
    return download(offered(hub, cache), progress=progress, cancel=Cancel(), pause=0)


def ranges(hub: Hub) -> list[str]:
    """The ranges asked of the weight file's storage; "" is all of it."""
    asked = f"GET /storage/{WEIGHTS}"
    return [request.removeprefix(asked).strip() for request in hub.requests if request.startswith(asked)]


def blob(offer: Downloadable) -> str:
    return next(file.blob for file in offer.files if file.name == WEIGHTS)


def test_a_downloaded_model_loads_and_is_found_without_the_hub(
    hub: Hub, embedder: Qwen3Embedder, load_embedder: Callable[..., Qwen3Embedder], tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    found = fetch(hub, tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert found.revision == COMMIT
    np.testing.assert_array_equal(
        load_embedder(found.path).embed_documents(["a", "b"]), embedder.embed_documents(["a", "b"])
    )
    hub.requests.clear()
    assert locate(MODEL, cache_dir=tmp_path, endpoint=hub.address) == found
    assert hub.requests == []
    total = sum(map(len, hub.files.values()))
    assert steps == sorted(steps) and steps[-1] == (total, total)


def test_the_cache_is_as_huggingface_hub_makes_it(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import snapshot_download

    theirs = Path(snapshot_download(MODEL, cache_dir=tmp_path / "theirs", endpoint=hub.address))
    ours = fetch(hub, tmp_path / "ours").path
    assert files_of(ours) == files_of(theirs) == dict(hub.files)
    assert ours.relative_to(tmp_path / "ours") == theirs.relative_to(tmp_path / "theirs")
    assert {path.name for path in blobs(ours)} == {path.name for path in blobs(theirs)}
    assert Path(snapshot_download(MODEL, cache_dir=tmp_path / "ours", local_files_only=True)) == ours


def blobs(snapshot: Path) -> list[Path]:
    return [path for path in (snapshot.parent.parent / "blobs").iterdir() if path.suffix != ".lock"]


def test_a_broken_transfer_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = 90_000
    found = fetch(hub, tmp_path)
    assert (found.path / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert ranges(hub) == ["", "bytes=90000-", "bytes=180000-"]


def test_a_server_without_ranges_starts_again(hub: Hub, tmp_path: Path) -> None:
    offer = offered(hub, tmp_path)
    part = tmp_path / "models--tiny--embedding" / "blobs" / f"{blob(offer)}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"something else")
    hub.ignore_ranges = True
    found = fetch(hub, tmp_path)
    assert (found.path / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_transfer_that_brings_nothing_is_given_up_with_the_reason(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = 0
    with pytest.raises(ModelsError) as failed:
        fetch(hub, tmp_path)
    assert failed.value.reason.code == "models.download"
    assert failed.value.reason.values["endpoint"] == hub.address


@pytest.mark.parametrize("ignore_ranges", [False, True])
def test_a_file_shorter_than_listed_is_given_up(hub: Hub, tmp_path: Path, ignore_ranges: bool) -> None:
    hub.ignore_ranges = ignore_ranges
    offer = offered(hub, tmp_path)
    longer = tuple(replace(file, size=file.size + 1) for file in offer.files)
    with pytest.raises(ModelsError) as failed:
        download(replace(offer, files=longer), progress=lambda *_: None, cancel=Cancel(), pause=0)
    assert failed.value.reason.code == "models.download"


def test_a_hub_that_goes_away_is_a_reason_not_a_traceback(embedding_folder: Path, tmp_path: Path) -> None:
    with serve(Hub(MODEL, files_of(embedding_folder))) as hub:
        offer = offered(hub, tmp_path)
    with pytest.raises(ModelsError) as failed:
        download(offer, progress=lambda *_: None, cancel=Cancel(), pause=0)
    assert failed.value.reason.code == "models.download"


def test_a_file_the_hub_lists_but_does_not_have(hub: Hub, tmp_path: Path) -> None:
    offer = offered(hub, tmp_path)
    hub.files = {name: data for name, data in hub.files.items() if name != "tokenizer.json"}
    with pytest.raises(ModelsError) as failed:
        download(offer, progress=lambda *_: None, cancel=Cancel(), pause=0)
    assert failed.value.reason.values["status"] == 404


def test_stop_keeps_what_is_there_and_the_next_start_goes_on(hub: Hub, tmp_path: Path) -> None:
    offer, cancel = offered(hub, tmp_path), Cancel()
    before = sum(file.size for file in offer.files if file.name < WEIGHTS)

    def stop_in_the_weights(done: int, _: int) -> None:
        if done > before:
            cancel.cancel()

    with pytest.raises(Stopped):
        download(offer, progress=stop_in_the_weights, cancel=cancel, pause=0)
    held = (tmp_path / "models--tiny--embedding" / "blobs" / f"{blob(offer)}.part").stat().st_size
    assert 0 < held < len(hub.files[WEIGHTS])
    assert isinstance(locate(MODEL, cache_dir=tmp_path, endpoint=hub.address), Downloadable)
    hub.requests.clear()
    fetch(hub, tmp_path)
    assert ranges(hub) == [f"bytes={held}-"]
    assert not [request for request in hub.requests if request.startswith("GET") and "/config.json" in request]


def test_a_stop_before_the_start_fetches_nothing(hub: Hub, tmp_path: Path) -> None:
    offer = offered(hub, tmp_path)
    cancel = Cancel()
    cancel.cancel()
    hub.requests.clear()
    with pytest.raises(Stopped):
        download(offer, progress=lambda *_: None, cancel=cancel, pause=0)
    assert hub.requests == []


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"], ids=["by sha256", "by git id"])
def test_damaged_bytes_are_thrown_away(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.damage = name
    with pytest.raises(ModelsError) as failed:
        fetch(hub, tmp_path)
    assert failed.value.reason.code == "models.checksum"
    assert failed.value.reason.values["name"] == name
    hub.damage = ""
    assert (fetch(hub, tmp_path).path / name).read_bytes() == hub.files[name]


def test_a_full_disk_is_said_before_the_first_byte(hub: Hub, tmp_path: Path) -> None:
    offer = offered(hub, tmp_path)
    huge = replace(offer.files[0], size=shutil.disk_usage(tmp_path).free * 2)
    hub.requests.clear()
    with pytest.raises(ModelsError) as failed:
        download(replace(offer, files=(huge,)), progress=lambda *_: None, cancel=Cancel())
    assert failed.value.reason.code == "models.disk_full"
    assert hub.requests == []
