"""Fetching a model from the hub into the Hugging Face cache: resumable, cancellable, checked.

huggingface_hub throws away what an interrupted download already had, so the bytes are fetched here, into the place of
the cache where they belong; huggingface_hub itself then makes the snapshot out of them.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
from filelock import FileLock
from huggingface_hub import get_session, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from rag.errors import ModelsError, Stopped
from rag.events import Cancel
from rag.messages import reason

from .locate import Downloadable, ModelFolder, RemoteFile
from .weights import missing_files

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all); also counts what an earlier download left."""
PIECE = 1 << 20
ATTEMPTS = 5
"""Tries in a row without a new byte before giving up."""
TIMEOUT = httpx2.Timeout(10.0)
"""Seconds without any answer; so also the longest a stop can take."""


def download(offer: Downloadable, *, progress: Progress, cancel: Cancel, pause: float = 1.0) -> ModelFolder:
    """Fetch all files of `offer` and return the folder. Raises ModelsError, or Stopped when cancelled.

    What was fetched stays: the next call goes on from there. `pause` is the seconds before a broken transfer is taken
    up again.
    """
    storage = offer.cache_dir / repo_folder_name(repo_id=offer.model_id, repo_type="model")
    (storage / "blobs").mkdir(parents=True, exist_ok=True)
    try:
        _check_space(offer, storage)
        done = 0
        for file in offer.files:
            _Transfer(offer, file, storage, partial(_advance, progress, done, offer.size), cancel).run(pause)
            done += file.size
            progress(done, offer.size)
        return _snapshot(offer, storage)
    except (HfHubHTTPError, httpx2.HTTPStatusError) as e:
        status = e.response.status_code
        why = reason("models.hub_status", model=offer.model_id, endpoint=offer.endpoint, status=status)
        raise ModelsError(why) from e
    except (httpx2.HTTPError, OSError) as e:
        error = type(e).__name__ if isinstance(e, httpx2.HTTPError) else str(e)
        raise ModelsError(reason("models.download", model=offer.model_id, endpoint=offer.endpoint, error=error)) from e


def _advance(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


class _Transfer:
    """One file on its way into the cache's `blobs` folder."""

    def __init__(
        self, offer: Downloadable, file: RemoteFile, storage: Path, report: Callable[[int], None], cancel: Cancel
    ) -> None:
        self._offer = offer
        self._file = file
        self._blob = storage / "blobs" / file.blob
        self._part = storage / "blobs" / f"{file.blob}.part"
        self._report = report
        self._cancel = cancel

    def run(self, pause: float) -> None:
        """Bring the file in, unless it is there or the hub gave no checksum to check it by."""
        if not self._file.blob or self._blob.exists():
            return
        with FileLock(f"{self._part}.lock"):
            left = ATTEMPTS
            while not self._blob.exists() and self._held() < self._file.size:
                before, broke = self._held(), None
                try:
                    self._append()
                except httpx2.TransportError as e:
                    broke = e
                left = ATTEMPTS if self._held() > before else left - 1
                if left == 0:
                    raise broke or httpx2.RemoteProtocolError("the file ends before its size")
                if broke:
                    self._cancel.flag.wait(pause)
                self._stop_if_cancelled()
            if not self._blob.exists():
                self._accept()

    def _held(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _append(self) -> None:
        self._stop_if_cancelled()
        offer, held = self._offer, self._held()
        url = hf_hub_url(offer.model_id, self._file.name, revision=offer.commit, endpoint=offer.endpoint)
        # Compressed replies have other lengths, and a range of them would be a range of something else.
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if held:
            headers["Range"] = f"bytes={held}-"
        with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True) as reply:
            reply.raise_for_status()
            resumed = reply.status_code == httpx2.codes.PARTIAL_CONTENT
            with self._part.open("ab" if resumed else "wb") as part:
                for piece in reply.iter_bytes():  # as it comes: a fixed size would hold bytes back and lose them
                    part.write(piece)
                    self._report(min(part.tell(), self._file.size))
                    self._stop_if_cancelled()

    def _accept(self) -> None:
        if _identity(self._part, self._file.blob) != self._file.blob:
            self._part.unlink(missing_ok=True)
            raise ModelsError(reason("models.checksum", model=self._offer.model_id, name=self._file.name))
        self._part.replace(self._blob)

    def _stop_if_cancelled(self) -> None:
        if self._cancel:
            raise Stopped(reason("models.stopped", model=self._offer.model_id))


def _identity(path: Path, like: str) -> str:
    """The file's sha256, or its git id (sha1 of a header and the bytes) where `like` is one."""
    git = len(like) == 40
    digest = hashlib.sha1(usedforsecurity=False) if git else hashlib.sha256()
    if git:
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _snapshot(offer: Downloadable, storage: Path) -> ModelFolder:
    for file in offer.files:
        hf_hub_download(
            offer.model_id, file.name, revision=offer.commit, cache_dir=offer.cache_dir, endpoint=offer.endpoint
        )
    folder = storage / "snapshots" / offer.commit
    absent = missing_files(folder)
    if absent:
        raise ModelsError(reason("models.incomplete", model=offer.model_id, names=", ".join(absent[:3])))
    if offer.revision != offer.commit:  # last: a branch points only to a complete snapshot
        ref = storage / "refs" / offer.revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(offer.commit, encoding="utf-8")
    return ModelFolder(folder, offer.commit)


def _check_space(offer: Downloadable, storage: Path) -> None:
    parts = [storage / "blobs" / name for file in offer.files if file.blob for name in (file.blob, f"{file.blob}.part")]
    needed = offer.size - sum(path.stat().st_size for path in parts if path.exists())
    free = shutil.disk_usage(storage).free
    if needed > free:
        raise ModelsError(reason("models.disk_full", model=offer.model_id, needed_mb=needed >> 20, free_mb=free >> 20))
