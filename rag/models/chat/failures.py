"""Failures of a chat provider, as sentences the user can act on. Pure: knows no client library.

Providers quote requests back in their errors, so their words pass through `Redactor` before anything keeps them.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from rag.messages import Reason, reason
from rag.text.well_formed import well_formed

LONGEST_RETRY_AFTER_S = 20.0
"""A provider that asks for more patience than this is reported instead of waited for."""
KEY_PART = 8
"""Characters of the key that, seen in a row, count as a leak."""
DETAIL_LENGTH = 240
READ_LENGTH = 4_000
"""Characters of a provider's words that are looked into: they are shown cut to `DETAIL_LENGTH`."""
URL = re.compile(r"[!-~]+")
HOST = re.compile(r"[A-Za-z0-9._\-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
TOO_LONG = re.compile(
    r"context[ _]?(length|window|size)|maximum (context|prompt|input)"
    r"|(prompt|input) is too long|too many (input )?tokens",
    re.IGNORECASE,
)
SYSTEM = "system role"
"""Named among a request's parameters while rules have a message of their own; every server takes them in a user's."""
ROLES = re.compile(
    r"system (role|message|prompt)s?\b.{0,40}\bnot? (be )?(support|allow)|does not support '?(system|developer)\b"
    r"|roles? must alternate|(only|unsupported|invalid|unknown)\b.{0,40}\broles?\b"
    r"|\brole\b.{0,80}\b(not|un)[ -]?support",
    re.IGNORECASE,
)
STREAM = "stream"
UNSTREAMED = re.compile(
    r"\bstream(ing|ed|s)?\b.{0,60}\b(not|un|never)[ -]?(yet )?(be )?(support|implement|allow|available|enabled)"
    r"|(not|n't|cannot|unable to) (currently )?(support|implement|allow|permit)?(s|ed)? ?(to )?stream"
    r"|verified to stream",
    re.IGNORECASE,
)
WAYS = (
    (SYSTEM, frozenset({400, 422, 500}), ROLES),
    (STREAM, frozenset({400, 403, 405, 422, 500, 501}), UNSTREAMED),
)
"""Ways to ask that not every server knows: the statuses and words of a refusal of each."""
QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing|out of credits", re.IGNORECASE)
KEY_LIKE = re.compile(r"\b(?:sk|pk|rk)-[\w*.\-]+|\bBearer\s+\S+", re.IGNORECASE)
STARRED = "***"
"""In a word, it stands for a part of a secret; we write it for a whole one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address that requests go to, in a form that may be shown: no user info, no query."""

    model: str
    url: str
    host: str
    has_key: bool
    timeout_s: float
    """Seconds between two tokens."""
    first_s: float
    """Seconds before the first."""
    connect_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt."""

    reason: Reason
    again: bool = False
    """The same request may succeed in a moment. Never once a part of the answer was delivered."""
    wait_s: float | None = None
    """Seconds the provider asks to wait."""
    rejected: str = ""
    """The optional parameter the server does not take; it says so before any answer."""
    detail: str = ""
    """The provider's own words, redacted."""


class Redactor:
    """Takes a secret out of texts, also when only a part of it is quoted."""

    def __init__(self, secret: str) -> None:
        size = min(KEY_PART, len(secret))
        self._parts = frozenset(secret[i : i + size] for i in range(len(secret) - size + 1)) if secret else frozenset()
        self._size = size

    def __call__(self, text: str) -> str:
        """One printable line of at most `DETAIL_LENGTH` characters without the secret."""
        words = "".join(c if c.isprintable() else " " for c in text[:READ_LENGTH]).split()
        is_cut = len(text) > READ_LENGTH
        line = self._masked(" ".join(words[:-1] if is_cut else words))  # the last word may be the half of a secret
        line = " ".join(STARRED if STARRED in word else word for word in line.split())
        line = KEY_LIKE.sub(STARRED, line)
        return line if len(line) < DETAIL_LENGTH and not is_cut else line[: DETAIL_LENGTH - 1] + "…"

    def _masked(self, line: str) -> str:
        if not self._parts:
            return line
        found = [i for i in range(len(line) - self._size + 1) if line[i : i + self._size] in self._parts]
        kept, last = [], 0
        for start in found:
            if start >= last:
                kept += [line[last:start], STARRED]
            last = max(last, start + self._size)
        return "".join(kept) + line[last:]


def shown_url(base_url: str) -> tuple[str, str]:
    """`base_url` without user info, query and fragment, and its host with port. Raises ValueError when unusable."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.hostname or "") or not URL.fullmatch(base_url):
        raise ValueError("not an http(s) address")
    assert parts.hostname
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = f"{name}:{parts.port}" if parts.port else name
    return f"{parts.scheme}://{host}{parts.path}", host


def of_status(
    status: int, body: object, headers: Mapping[str, str], *, to: Endpoint, redact: Redactor, sent: frozenset[str]
) -> Failure:
    """The failure behind an HTTP status. `sent` are the optional parameters of the request."""
    words = _words(body)
    detail = redact(words) or "–"
    if way := _refused_way(status, words, sent):
        why = reason("generation.rejected", host=to.host, status=status, detail=detail)
        return Failure(why, rejected=way, detail=detail)
    if status == 401:
        return Failure(reason("generation.bad_key", host=to.host) if to.has_key else _no_key(to), detail=detail)
    if status == 402 or (status == 429 and QUOTA.search(words)):
        return Failure(reason("generation.quota", host=to.host), detail=detail)
    if status == 429:
        return _rate_limited(headers, to, detail)
    if status == 403:
        return Failure(reason("generation.no_permission", host=to.host, model=to.model, detail=detail), detail=detail)
    if status == 404:
        return Failure(reason("generation.not_found", model=to.model, url=to.url), detail=detail)
    if status in (400, 413, 422):
        return _refused_request(status, words, to, detail, sent)
    if 300 <= status < 400:
        return Failure(reason("generation.redirected", url=to.url, status=status), detail=detail)
    if status >= 500 or status in (408, 409, 425):
        why = reason("generation.server_error", host=to.host, status=status, detail=detail)
        return Failure(why, again=True, wait_s=_retry_after(headers), detail=detail)
    return Failure(reason("generation.rejected", host=to.host, status=status, detail=detail), detail=detail)


def of_connection(error: BaseException, *, to: Endpoint, redact: Redactor) -> Failure:
    """The failure behind an exception raised before or while a connection was used."""
    causes = tuple(_causes(error))
    detail = redact("; ".join(str(cause) for cause in causes))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Failure(reason("generation.tls", host=to.host, detail=redact(_last_words(causes))), detail=detail)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Failure(reason("generation.unknown_host", host=to.host), again=True, detail=detail)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Failure(reason("generation.refused", url=to.url), again=True, detail=detail)
    if any("timeout" in type(cause).__name__.lower() for cause in causes):
        why = reason("generation.connect_timeout", host=to.host, seconds=_seconds(to.connect_s))
        return Failure(why, again=True, detail=detail)
    return Failure(
        reason("generation.connection", url=to.url, detail=redact(_last_words(causes))), again=True, detail=detail
    )


def of_stream(body: object, *, to: Endpoint, redact: Redactor, sent: frozenset[str], begun: bool) -> Failure:
    """The failure a provider reported as an event of the stream; `begun` once part of the answer was delivered."""
    words = _words(body)
    detail = redact(words) or "–"
    code = body.get("code") if isinstance(body, Mapping) else None
    status = int(code) if isinstance(code, int | str) and re.fullmatch(r"[345]\d\d", str(code)) else 0
    if status and not begun:
        return of_status(status, body, {}, to=to, redact=redact, sent=sent)
    if begun:
        return Failure(reason("generation.cut", host=to.host), detail=detail)
    if TOO_LONG.search(words):
        return Failure(reason("generation.too_long", model=to.model), detail=detail)
    return Failure(reason("generation.rejected", host=to.host, status=200, detail=detail), detail=detail)


def _refused_way(status: int, words: str, sent: frozenset[str]) -> str:
    """The way of asking that a server does not know; "" where that is not what it says."""
    refused = (way for way, statuses, said in WAYS if way in sent and status in statuses and said.search(words))
    return next(refused, "")


def _no_key(to: Endpoint) -> Reason:
    return reason("generation.no_key", host=to.host)


def _rate_limited(headers: Mapping[str, str], to: Endpoint, detail: str) -> Failure:
    wait = _retry_after(headers)
    if wait is None:
        return Failure(reason("generation.rate_limited", host=to.host), again=True, detail=detail)
    why = reason("generation.rate_limited_for", host=to.host, seconds=_seconds(wait))
    return Failure(why, again=wait <= LONGEST_RETRY_AFTER_S, wait_s=wait, detail=detail)


def _refused_request(status: int, words: str, to: Endpoint, detail: str, sent: frozenset[str]) -> Failure:
    if status == 413 or TOO_LONG.search(words):
        return Failure(reason("generation.too_long", model=to.model), detail=detail)
    named = [name for name in sent if re.search(rf"(?<![a-z_]){name}(?![a-z_])", words)]
    why = reason("generation.rejected", host=to.host, status=status, detail=detail)
    # `max_tokens` before `max_completion_tokens`: a refusal of the first usually recommends the second
    return Failure(why, rejected=max(named, key=lambda name: -words.index(name), default=""), detail=detail)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by Retry-After, given in seconds or as a date; None when absent or not understood."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}(\.\d+)?", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 1 else f"{value:.2g}"


def _words(body: object) -> str:
    """The provider's own words in its error body, whatever the body's shape."""
    try:
        return well_formed(_said(body))
    except RecursionError:  # nested deeper than can be written out
        return ""


def _said(body: object) -> str:
    if isinstance(body, Mapping):
        inner: Any = body.get("error", body)
        if isinstance(inner, Mapping):
            parts = [inner.get(name) for name in ("message", "detail", "code", "param", "type")]
            said = " ".join(str(part) for part in parts if part)
            return said or str(dict(inner))
        return str(inner)
    text = "" if body is None else str(body)
    return "" if "<html" in text.lower() else text


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything behind it, groups opened, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        waiting += [e for e in (current.__cause__, current.__context__) if e is not None]


def _last_words(causes: tuple[BaseException, ...]) -> str:
    return next((str(cause) for cause in reversed(causes) if str(cause)), type(causes[-1]).__name__)
