"""Location of a model's weights: a local folder, the Hugging Face cache, the hub, or nowhere. Told within seconds.

Reads HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN through huggingface_hub, as every tool does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import httpx2
from huggingface_hub import HfApi, constants, is_offline_mode, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from rag.messages import Reason, reason

from .weights import local_revision, missing_files

T = TypeVar("T")

WANTED = ("*.json", "*.jinja", "merges.txt", "*.safetensors", "[0-9]_*/*.json", "[0-9]_*/*.safetensors")
"""Files that Sentence-Transformers and transformers load; not the same weights once more in other formats."""
COMMIT = re.compile(r"[0-9a-f]{40}")
BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A complete model folder. `revision` is the commit, or a name made from the files of a folder without one."""

    path: Path
    revision: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub. `blob` is its git id, or the sha256 of a large file; "" where the hub does not say."""

    name: str
    size: int
    blob: str


@dataclass(frozen=True, slots=True)
class Downloadable:
    """A model the hub offers, at the commit its revision means now."""

    model_id: str
    revision: str
    commit: str
    files: tuple[RemoteFile, ...]
    cache_dir: Path
    endpoint: str

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Missing:
    """The model cannot be had, and why."""

    why: Reason


def locate(
    model_id: str,
    revision: str = "main",
    *,
    cache_dir: Path | None = None,
    endpoint: str | None = None,
    timeout: float = 5.0,
) -> ModelFolder | Downloadable | Missing:
    """Find the weights of a hub id or folder. Never downloads; asks the hub only for what is not here already.

    `timeout` is the most seconds this call takes, whatever DNS, proxy or server do.
    """
    folder = Path(model_id).expanduser()
    if folder.is_dir():
        absent = missing_files(folder)
        return (
            Missing(_incomplete(model_id, absent)) if absent else ModelFolder(folder.resolve(), local_revision(folder))
        )
    try:
        validate_repo_id(model_id)
    except HFValidationError:
        return Missing(reason("models.no_folder", model=model_id))
    cache = (cache_dir or Path(constants.HF_HUB_CACHE)).expanduser()
    cached = cached_folder(model_id, revision, cache)
    absent = missing_files(cached) if cached else []
    if cached and not absent:
        return ModelFolder(cached, cached.name)
    if is_offline_mode():
        return Missing(_incomplete(model_id, absent) if absent else reason("models.offline", model=model_id))
    return _ask_hub(model_id, revision, cache=cache, endpoint=endpoint or constants.ENDPOINT, timeout=timeout)


def cached_folder(model_id: str, revision: str, cache: Path) -> Path | None:
    """The snapshot the cache holds of this revision, complete or not."""
    config = try_to_load_from_cache(model_id, "config.json", cache_dir=cache, revision=revision)
    return Path(config).parent if isinstance(config, str) else None


def _incomplete(model_id: str, absent: list[str]) -> Reason:
    return reason("models.incomplete", model=model_id, names=", ".join(absent[:3]))


def _ask_hub(model_id: str, revision: str, *, cache: Path, endpoint: str, timeout: float) -> Downloadable | Missing:
    values: dict[str, Any] = {"model": model_id, "endpoint": endpoint}

    def ask() -> Any:
        return HfApi(endpoint=endpoint).model_info(model_id, revision=revision, files_metadata=True, timeout=timeout)

    try:
        answer = within(timeout, ask)
    except HfHubHTTPError as e:
        return Missing(_refusal(e.response.status_code, revision=revision, **values))
    except (TimeoutError, httpx2.TimeoutException):
        return Missing(reason("models.hub_silent", seconds=timeout, **values))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as e:
        return Missing(reason("models.hub_unreachable", error=type(e).__name__, **values))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Missing(reason("models.not_a_hub", **values))
    files = wanted_files(answer.siblings or ())
    if not any(file.name.endswith(".safetensors") for file in files):
        return Missing(reason("models.no_weights", **values))
    if not COMMIT.fullmatch(answer.sha or ""):
        return Missing(reason("models.not_a_hub", **values))
    return Downloadable(model_id, revision, answer.sha, files, cache, endpoint)


def _refusal(status: int, *, model: str, endpoint: str, revision: str) -> Reason:
    if status in (401, 403):
        return reason("models.hub_denied", model=model, endpoint=endpoint, status=status)
    if status == 404:
        return reason("models.hub_unknown", model=model, endpoint=endpoint, revision=revision)
    return reason("models.hub_status", model=model, endpoint=endpoint, status=status)


def wanted_files(siblings: Iterable[Any]) -> tuple[RemoteFile, ...]:
    """The files to load of those the hub lists, by name. The list is the server's word: odd names are left out."""
    return tuple(
        sorted(
            (
                RemoteFile(each.rfilename, each.size or 0, _blob(each.lfs.sha256 if each.lfs else each.blob_id))
                for each in siblings
                if _is_wanted(each.rfilename)
            ),
            key=lambda file: file.name,
        )
    )


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return "\\" not in name and any(
        fnmatchcase(name, pattern) and len(parts) == pattern.count("/") + 1 for pattern in WANTED
    )


def _blob(identity: str | None) -> str:
    return identity if identity and BLOB.fullmatch(identity) else ""


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, or TimeoutError after `seconds`.

    A name lookup knows no time limit, so the work runs in a thread that is left behind when it is late.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as e:  # handed to the caller, who is waiting for it
            future.set_exception(e)

    Thread(target=run, name="hub", daemon=True).start()
    return future.result(timeout=seconds)
