"""The evidence of one answer as a file that stands alone: JSON, or a page that carries the same JSON. Pure.

The digest tells whether anything in the file is not as it was saved. It is no signature: whoever changes a file on
purpose can write a new one. What stands behind the quotes is checked by `verify`, from the texts themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import BundleRefused
from rag.ledger import Ledger
from rag.messages import reason

from .records import upgraded, write

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = "plainsight-evidence"
VERSION, READABLE = 2, (1, 2)
"""The shape of the record tells them apart; version 1 holds one of an answer with one search."""
MOST_BYTES = 20_000_000
"""Bytes of a file that is read; the evidence of 200 candidates takes less than one."""
LONGEST_TEXT = 500_000
"""Characters of an answer or a passage that is looked into."""
MOST_QUOTES = 2_000

OPEN, CLOSE = f'<script type="application/json" id="{FORMAT}">', "</script>"
PLACE = OPEN + CLOSE
"""The element of a page that holds its evidence: data to a browser, which runs nothing of this type."""


@dataclass(frozen=True, slots=True)
class DocumentHash:
    """A document some candidate came from; `sha256` is of the file as it was added."""

    collection: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PassageHash:
    """A candidate: hash of its text in UTF-8, and the reranker's probability beside the log-odds of the record."""

    id: str
    sha256: str
    probability: float | None
    search: int = 1
    """Number of the search that found it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The full record of one answer, with the hashes that tell whether it is still the same."""

    record: Ledger
    saved_at: str
    """ISO 8601, UTC."""
    documents: tuple[DocumentHash, ...]
    passages: tuple[PassageHash, ...]
    page: str = ""
    """sha256 of the page it was saved in, its data left out; "" for plain JSON."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle as it was found in a file."""

    bundle: Bundle
    intact: bool
    """True if the digest is that of the data."""
    shown: bool | None
    """True if the page around the data is the one that was saved; None for plain JSON."""


def bundle_of(ledger: Ledger, *, saved_at: float) -> Bundle:
    """The bundle of an answer; `saved_at` in seconds since the epoch."""
    stored = [c.stored for c in ledger.candidates]
    documents = {DocumentHash(s.collection, s.document, s.sha256): None for s in stored}
    when = datetime.fromtimestamp(saved_at, UTC).isoformat(timespec="seconds")
    return Bundle(ledger, when, tuple(documents), tuple(passages(ledger)))


def passages(ledger: Ledger) -> Iterable[PassageHash]:
    """The hashes of an answer's candidates, search by search in their order."""
    for search in ledger.searches:
        for c in search.candidates:
            yield PassageHash(c.stored.id, text_hash(c.stored.chunk.text), c.probability, search.number)


def text_hash(text: str) -> str:
    """sha256 of a text in UTF-8."""
    return sha256(text.encode()).hexdigest()


def as_json(bundle: Bundle) -> str:
    """The file as JSON; ends with a line feed."""
    return json.dumps(_signed(bundle), ensure_ascii=False, indent=1) + "\n"


def in_page(bundle: Bundle, page: str) -> str:
    """The file as HTML: `page` with the data in its `PLACE`, of which it has exactly one."""
    before, after = page.split(PLACE)
    data = json.dumps(_signed(replace(bundle, page=_page_hash(before, after))), ensure_ascii=True)
    # Nothing in the data can end the element or begin a comment, whatever the documents hold.
    for sign in "<>&":
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    return f"{before}{OPEN}{data}{CLOSE}{after}"


def opened(data: bytes) -> Opened:
    """The bundle of a file, `.json` or `.html`. Raises BundleRefused for anything that is none."""
    if len(data) > MOST_BYTES:
        raise BundleRefused(reason("bundle.too_large", megabytes=MOST_BYTES // 1_000_000))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise BundleRefused(reason("bundle.not_text")) from e
    if text.lstrip().startswith("{"):
        return _read(text, None)
    return _read(*_taken_out(text))


def opened_file(path: Path) -> Opened:
    """The bundle of a file. Raises BundleRefused, also when the file cannot be read."""
    try:
        with path.open("rb") as file:
            return opened(file.read(MOST_BYTES + 1))
    except OSError as e:
        raise BundleRefused(reason("bundle.unreadable", path=str(path), detail=e.strerror or str(e))) from e


def _signed(bundle: Bundle) -> dict[str, Any]:
    """The data with its digest."""
    data: dict[str, Any] = {"format": FORMAT, "version": VERSION, **_records().dump_python(bundle, mode="json")}
    data["record"] = json.loads(write(bundle.record))
    return {**data, "digest": _digest(data)}


def _digest(data: Mapping[str, Any]) -> str:
    """sha256 of the data, its own digest left out, written in one way alone: keys sorted, no blanks."""
    rest = {key: value for key, value in data.items() if key != "digest"}
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def _page_hash(before: str, after: str) -> str:
    """Hash of the page around the data. Line ends do not count: version control and mail change them."""
    return text_hash(f"{before}{PLACE}{after}".replace("\r\n", "\n"))


def _taken_out(page: str) -> tuple[str, str]:
    """The data of a page, and the hash of the page around it."""
    if page.count(OPEN) != 1:
        raise BundleRefused(reason("bundle.no_data" if OPEN not in page else "bundle.twice"))
    before, rest = page.split(OPEN)
    data, closed, after = rest.partition(CLOSE)
    if not closed:
        raise BundleRefused(reason("bundle.cut"))
    return data, _page_hash(before, after)


def _read(text: str, page: str | None) -> Opened:
    data = _parsed(text)
    if data.get("format") != FORMAT:
        raise BundleRefused(reason("bundle.no_data"))
    if data.get("version") not in READABLE:
        raise BundleRefused(reason("bundle.other_version", version=str(data.get("version"))[:20], known=VERSION))
    try:
        today = {**data, "record": upgraded(data.get("record"))}
        bundle = _records().validate_json(json.dumps(today), strict=True)
        intact = data.get("digest") == _digest(data)
    except (ValueError, RecursionError) as e:  # pydantic's error is a ValueError
        raise BundleRefused(reason("bundle.wrong_shape", where=_where(e))) from e
    _check_bounds(bundle.record)
    return Opened(bundle, intact, None if page is None else page == bundle.page)


def _check_bounds(record: Ledger) -> None:
    """Raise BundleRefused for more than any answer holds: checking it would take longer than anybody waits."""
    texts = [record.answer, *(c.stored.chunk.text for c in record.candidates)]
    if len(record.quotes) > MOST_QUOTES or max(map(len, texts)) > LONGEST_TEXT:
        raise BundleRefused(reason("bundle.too_much"))


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as e:
        raise BundleRefused(reason("bundle.not_json", error=str(e)[:100])) from e
    if not isinstance(data, dict):
        raise BundleRefused(reason("bundle.no_data"))
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice is read differently by different programs: what one checks another would not show."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _where(error: Exception) -> str:
    """The place of the first wrong value, such as `record.searches.0.retrieval.candidates.3.rank`."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return "-"
    return ".".join(str(part) for part in errors(include_url=False, include_input=False)[0]["loc"])[:100] or "-"


@cache
def _records() -> TypeAdapter[Bundle]:
    # See `records`: pydantic is imported when the first bundle is written or read.
    from pydantic import TypeAdapter

    return TypeAdapter(Bundle)
