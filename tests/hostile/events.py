"""What a page's event may carry in the place of what the page's own script sends."""

from __future__ import annotations

from collections.abc import Mapping

LONG = "x" * 100_000
DEEP: object = None
for _ in range(200):
    DEEP = [DEEP]

DATA: Mapping[str, list[object] | None] = {
    "no data": [],
    "no list": None,
    "null": [None] * 9,
    "numbers": [7] * 9,
    "numbers beyond all bounds": [10**30] * 9,
    "no numbers": [float("nan")] * 9,
    "true": [True] * 9,
    "lists": [[1]] * 9,
    "objects": [{"a": 1}] * 9,
    "deep lists": [DEEP] * 9,
    "too much": ["x"] * 500,
    "long texts": [LONG] * 9,
    "lone surrogates": ["\ud800"] * 9,
    "zero bytes": ["\0"] * 9,
    "a file of the server": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}] * 9,
    "files of the server": [[{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]] * 9,
    "a file without a path": [[{"path": None, "meta": {"_type": "gradio.FileData"}}]] * 9,
    "a foreign file": [[{"path": "", "url": "http://127.0.0.1:9/a", "meta": {"_type": "gradio.FileData"}}]] * 9,
}
"""In the place of the inputs; None leaves the field out."""

EVENT: Mapping[str, object] = {
    "nothing": None,
    "an empty object": {},
    "a list": [1, 2],
    "a text": "x",
    "a number": 7,
    "null everywhere": None,
    "deep": {"turn": DEEP, "name": DEEP},
}
"""In the place of the event's own data."""

FIELDS = (
    "turn", "text", "query", "job", "base", "name", "names", "chunk", "part", "number", "id", "title", "minutes",
    "step", "search",
    "verdict", "form", "with", "words", "ticked", "parts", "typed", "description", "page", "sort", "folder", "tag",
    "kind", "state", "since", "until", "enabled", "pinned", "banned", "threshold", "candidates", "contexts", "balance",
    "rerank", "picked", "all", "collection", "index", "instruction", "mode", "language", "document", "documents",
    "tags", "url", "key", "model", "temperature", "max_tokens", "forget",
)  # fmt: skip
"""Every field some event of the page reads, and some that sound like it."""

VALUES: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a negative number": -1,
    "a number beyond 64 bits": 2**64,
    "a number of 400 digits": 10**400,
    "half a number": 0.5,
    "infinity": float("inf"),
    "no number": float("nan"),
    "an empty text": "",
    "a text": "x",
    "a long text": LONG,
    "a lone surrogate": "\ud800",
    "a zero byte": "a\0b",
    "markup": "<img src=x onerror=alert(1)>",
    "a filter": '" or 1 == 1 or document == "',
    "a path": "../../../etc/passwd",
    "a script for an address": "javascript:alert(1)",
    "a file for an address": "file:///etc/passwd",
    "where a cloud keeps secrets": "http://169.254.169.254/latest/meta-data/",
    "a list": [1, "x", None, ["\ud800"]],
    "a list of texts": ["x", "\ud800", LONG[:2000]],
    "a long list": ["x"] * 20_000,
    "a list of objects": [{"id": "x", "documents": ["\ud800"], "tags": [1], "base": None}, {"id": 7}],
    "an object": {"a": 1},
    "one": 1,
    "a deep list": DEEP,
}
"""In the place of every field at once."""

EVENTS: Mapping[str, object] = {
    **EVENT,
    **{f"every field {name}": dict.fromkeys(FIELDS, value) for name, value in VALUES.items()},
}
