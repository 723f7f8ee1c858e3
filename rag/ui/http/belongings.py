"""What a visitor's own calls may name: tabs and uploads of that visitor's browser, never another's.

Gradio knows a tab by a name the browser makes up, and whoever names it is taken for it. Here that name goes on sealed
with the browser's secret, so that a name learned from somebody else leads nowhere. Files are told apart by a list of
what each browser has uploaded. Reads calls as JSON; knows neither what they do nor who may come in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cachetools import LRUCache

from rag.accounts.browser import sealed
from rag.errors import RagError
from rag.messages import reason

NAMES = ("session_hash", "upload_id")
"""What the page's script makes names up for."""
CALL = ("data", "event_data", "fn_index", "trigger_id")
"""What a call of the page holds beside its tab. An id of a running event would reach into what another runs."""
MOST_UPLOADS = 100_000
"""Uploads that are remembered; the oldest are forgotten first. As many as may be accepted at once."""


class UploadedPaths:
    """Which files were uploaded by which browser, by its secret. Lives as long as Gradio's own list of them."""

    def __init__(self, most: int = MOST_UPLOADS) -> None:
        self._given: LRUCache[tuple[str, str], None] = LRUCache(most)

    def give(self, secret: str, paths: Iterable[str]) -> None:
        """Remember files as uploaded by the browser with this secret."""
        owner = sealed(secret, "uploads")
        for path in paths:
            self._given[owner, path] = None

    def has(self, secret: str, path: object) -> bool:
        """Whether that browser uploaded the file."""
        return isinstance(path, str) and (sealed(secret, "uploads"), path) in self._given


def query(sent: bytes, secret: str, allowed: Iterable[str]) -> bytes:
    """A query string with the allowed parameters alone, each at most once, and the visitor's own names sealed."""
    pairs = dict(parse_qsl(sent.decode("latin-1"), keep_blank_values=True))
    kept = {name: pairs[name] for name in allowed if name in pairs}
    return urlencode({k: sealed(secret, v) if k in NAMES else v for k, v in kept.items()}).encode()


def call(body: bytes, secret: str, uploads: UploadedPaths) -> bytes:
    """A call as Gradio may have it: nothing but what the page sends, its tab sealed, its files the visitor's own.

    Raises RagError for what is no call of the page, and for a file this browser has not uploaded.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise RagError(reason("front.no_call")) from e
    if not isinstance(sent, dict) or not isinstance(sent.get("session_hash"), str):
        raise RagError(reason("front.no_call"))
    for file in _files(sent.get("data")):
        if not uploads.has(secret, file["path"]):
            raise RagError(reason("front.foreign_file"))
        file.pop("url", None)  # what the file is reached at is for the server to say
    kept = {name: sent[name] for name in CALL if name in sent}
    return json.dumps({**kept, "session_hash": sealed(secret, sent["session_hash"])}).encode()


def uploaded(body: bytes) -> list[str]:
    """The paths in the reply to an upload; none for a refusal."""
    try:
        paths = json.loads(body)
    except ValueError:
        return []
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _files(data: Any) -> Iterator[dict[str, Any]]:
    """Whatever in a call's data names a file, however deep."""
    left = [data]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "path" in each:
                yield each
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
