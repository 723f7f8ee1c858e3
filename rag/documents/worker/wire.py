"""Messages between the app and a worker: a few values as JSON, and bytes. Nothing that is received can run."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_SIZES = struct.Struct("<QQ")

Head = dict[str, Any]


def send(file: BinaryIO, head: Mapping[str, Any], body: bytes = b"") -> None:
    """Raises OSError when the other side is gone."""
    said = json.dumps(head).encode()
    file.write(_SIZES.pack(len(said), len(body)))
    file.write(said)
    file.write(body)
    file.flush()


def receive(file: BinaryIO) -> tuple[Head, bytes] | None:
    """The next message of the other side; None when it is gone."""
    sizes = file.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    said, body = (file.read(size) for size in _SIZES.unpack(sizes))
    try:
        head = json.loads(said)
    except ValueError:  # it ended in the middle of a word
        return None
    return head, body


def encoded(text: str) -> bytes:
    """A text as bytes, half a surrogate pair too."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The inverse of `encoded`."""
    return data.decode("utf-8", "surrogatepass")
