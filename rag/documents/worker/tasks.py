"""Tasks a worker can be asked to do. Runs in the worker."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence

from rag.errors import DocumentRefused
from rag.messages import reason

from ..chunking import ChunkLimits, chunk, described
from ..convert import CONVERTED, converter, without_files
from ..files import decode
from .wire import Head, decoded, encoded

Ask = Callable[[Sequence[str]], list[int]]
"""Counts tokens, in the app: the model's tokenizer is there."""

_OLD_CONTAINER = b"\xd0\xcf\x11\xe0"


def text(head: Head, body: bytes, ask: Ask) -> tuple[Head, bytes]:
    """A file to Markdown. Raises DocumentRefused, and what the libraries raise."""
    kind = head["kind"]
    if kind not in CONVERTED.values():
        return {}, encoded(without_files(decode(body)))
    if kind != "html" and body.startswith(_OLD_CONTAINER):
        raise DocumentRefused(reason("convert.protected"))  # it wraps Office files with a password
    try:
        return {}, encoded(converter(kind)(io.BytesIO(body)).encode("utf-8", "replace").decode())
    except (DocumentRefused, MemoryError):
        raise
    except Exception as e:  # whatever a library makes of a broken file
        if any(isinstance(each, MemoryError) for each in (e.__cause__, e.__context__)):
            raise MemoryError from e
        if _protected(e):
            raise DocumentRefused(reason("convert.protected")) from e
        raise DocumentRefused(reason("convert.unreadable", kind=kind.upper(), detail=type(e).__name__)) from e


def split(head: Head, body: bytes, ask: Ask) -> tuple[Head, bytes]:
    """Markdown to chunks, and what it says of itself."""
    whole = decoded(body)
    limits = ChunkLimits(max_tokens=head["max_tokens"], overlap_tokens=head["overlap_tokens"])
    chunks = chunk(whole, count_tokens=ask, limits=limits)
    title, front_matter = described(whole, fallback=head["fallback"])
    spans = [[each.start, each.end, each.heading_path, each.tokens, each.lead] for each in chunks]
    said = {"title": title, "tags": front_matter.tags, "date": front_matter.date, "fields": front_matter.fields}
    return said, json.dumps(spans).encode()


TASKS = {"text": text, "split": split}


def _protected(error: BaseException) -> bool:
    names = {type(e).__name__ for e in (error, error.__cause__, error.__context__) if e}
    return bool(names & {"PDFPasswordIncorrect", "PDFEncryptionError"})
