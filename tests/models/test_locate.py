"""Finding models: folders, the cache, and hubs of every temper on loopback."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from rag.messages import Reason, reason
from rag.models.hub.locate import Downloadable, Missing, ModelFolder, locate
from tests.support.hub_server import COMMIT, Hub, files_of, serve

MODEL = "tiny/embedding"


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite forbids the hub; these tests bring their own."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def hub(embedding_folder: Path) -> Iterator[Hub]:
    with serve(Hub(MODEL, files_of(embedding_folder))) as running:
        yield running


def why(found: object) -> Reason:
    assert isinstance(found, Missing), found
    assert str(found.why)
    return found.why


def fill_cache(cache: Path, folder: Path, *, revision: str = "main", commit: str = COMMIT) -> Path:
    storage = cache / "models--tiny--embedding"
    (storage / "refs").mkdir(parents=True, exist_ok=True)
    (storage / "refs" / revision).write_text(commit)
    return Path(shutil.copytree(folder, storage / "snapshots" / commit))


# ---- on this machine ------------------------------------------------------------------------------------------------


def test_a_folder_is_found_with_a_version_of_its_own(embedding_folder: Path) -> None:
    found = locate(str(embedding_folder))
    assert isinstance(found, ModelFolder)
    assert found.path == embedding_folder.resolve()
    assert found.revision.startswith("local-")


def test_a_folder_in_pieces_says_what_is_missing(embedding_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(embedding_folder, tmp_path / "copy"))
    (folder / "model.safetensors").unlink()
    expected = reason("models.incomplete", model=str(folder), names="model.safetensors")
    assert why(locate(str(folder))) == expected


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c", "../x", "no spaces/please", ""])
def test_what_is_neither_folder_nor_id(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = locate(name, cache_dir=tmp_path, endpoint="http://127.0.0.1:9", timeout=1)
    if name:
        assert why(found) == reason("models.no_folder", model=name)
    else:
        assert why(found).code == "models.incomplete"


def test_a_complete_snapshot_is_found_without_asking_the_hub(hub: Hub, embedding_folder: Path, tmp_path: Path) -> None:
    snapshot = fill_cache(tmp_path, embedding_folder)
    assert locate(MODEL, cache_dir=tmp_path, endpoint=hub.address) == ModelFolder(snapshot, COMMIT)
    assert hub.requests == []


def test_another_revision_is_not_the_cached_one(hub: Hub, embedding_folder: Path, tmp_path: Path) -> None:
    fill_cache(tmp_path, embedding_folder, revision="main", commit="b" * 40)
    assert isinstance(locate(MODEL, COMMIT, cache_dir=tmp_path, endpoint=hub.address), Downloadable)


def test_a_snapshot_in_pieces_is_downloaded_again(hub: Hub, embedding_folder: Path, tmp_path: Path) -> None:
    (fill_cache(tmp_path, embedding_folder) / "model.safetensors").unlink()
    assert isinstance(locate(MODEL, cache_dir=tmp_path, endpoint=hub.address), Downloadable)


@pytest.mark.parametrize("partial", [True, False], ids=["part of it cached", "nothing cached"])
def test_offline_means_offline(
    hub: Hub, embedding_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partial: bool
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    if partial:
        (fill_cache(tmp_path, embedding_folder) / "model.safetensors").unlink()
    found = why(locate(MODEL, cache_dir=tmp_path, endpoint=hub.address))
    assert found.code == ("models.incomplete" if partial else "models.offline")
    assert hub.requests == []


# ---- on the hub -----------------------------------------------------------------------------------------------------


def test_a_hub_that_has_the_model_offers_what_is_needed(hub: Hub, embedding_folder: Path, tmp_path: Path) -> None:
    useless = dict.fromkeys(("pytorch_model.bin", "onnx/model.onnx", "onnx/config.json", "README.md"), b"x")
    hub.files = {**hub.files, **useless, "../escape.json": b"{}", "..\\escape.json": b"{}"}
    offer = locate(MODEL, cache_dir=tmp_path, endpoint=hub.address)
    assert isinstance(offer, Downloadable)
    assert {file.name for file in offer.files} == set(files_of(embedding_folder))
    assert offer.size == sum(len(data) for data in files_of(embedding_folder).values())
    assert (offer.commit, offer.endpoint) == (COMMIT, hub.address)
    assert len(hub.requests) == 1


def test_a_renamed_model_is_followed(hub: Hub, embedding_folder: Path, tmp_path: Path) -> None:
    with serve(Hub(MODEL, {}, redirect_to=hub.address)) as old:
        assert isinstance(locate(MODEL, cache_dir=tmp_path, endpoint=old.address), Downloadable)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        pytest.param({"status": 401}, "models.hub_denied", id="gated"),
        pytest.param({"status": 403}, "models.hub_denied", id="forbidden"),
        pytest.param({"status": 404}, "models.hub_unknown", id="not there"),
        pytest.param({"status": 503}, "models.hub_status", id="overloaded"),
        pytest.param({"body": b"<html>Please log in</html>"}, "models.not_a_hub", id="captive portal"),
        pytest.param({"body": b'{"hello": "world"}'}, "models.not_a_hub", id="another service"),
        pytest.param({"body": b"[]"}, "models.not_a_hub", id="a list"),
        pytest.param(
            {"files": {"config.json": b"{}", "pytorch_model.bin": b"x"}}, "models.no_weights", id="pickles only"
        ),
        pytest.param({"drip": True}, "models.hub_silent", id="one byte at a time, forever"),
    ],
)
def test_a_hub_that_does_not_help_says_why(hub: Hub, tmp_path: Path, behaviour: dict[str, Any], code: str) -> None:
    for name, value in behaviour.items():
        setattr(hub, name, value)
    found = why(locate(MODEL, cache_dir=tmp_path, endpoint=hub.address, timeout=0.5))
    assert found.code == code
    assert (found.values["model"], found.values["endpoint"]) == (MODEL, hub.address)


def test_an_unknown_revision_is_named(hub: Hub, tmp_path: Path) -> None:
    found = why(locate(MODEL, "v9", cache_dir=tmp_path, endpoint=hub.address))
    assert found == reason("models.hub_unknown", model=MODEL, endpoint=hub.address, revision="v9")


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = why(locate(MODEL, cache_dir=tmp_path, endpoint=endpoint, timeout=0.3))
    assert found == reason("models.hub_silent", model=MODEL, endpoint=endpoint, seconds=0.3)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_closed_port_is_said_at_once(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as briefly:
        port = briefly.getsockname()[1]
    found = why(locate(MODEL, cache_dir=tmp_path, endpoint=f"{scheme}://127.0.0.1:{port}"))
    assert found.code == "models.hub_unreachable"


def test_an_endpoint_that_is_no_address(tmp_path: Path) -> None:
    assert why(locate(MODEL, cache_dir=tmp_path, endpoint="huggingface")).code == "models.hub_unreachable"


def test_nothing_about_the_machine_is_sent(hub: Hub, tmp_path: Path) -> None:
    locate(MODEL, cache_dir=tmp_path, endpoint=hub.address)
    (agent,) = hub.agents
    assert "torch" not in agent
