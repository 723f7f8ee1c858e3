"""The language model in use: as the settings say, else as somebody chose on the page. What is chosen counts at once."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from rag.errors import ChatChoiceRefused
from rag.messages import Reason, reason
from rag.protocols import ExaminableChat
from rag.settings import Settings
from rag.types.chat_server import ChatAbilities, ChatChoice, ChatExamination, ChatInUse

from . import address
from .choice_file import ChoiceFile
from .examination import TRIAL_S
from .request import OPENAI_URL
from .watched import WatchedChat

SHARE = 3
"""An answer takes at most one such part of a model's context."""
WEAK = re.compile(r"(?<![\d.a-z])(?:\d{2,3}m|0?\.\d+b|[1-3](?:\.\d+)?b)(?![a-z0-9])", re.IGNORECASE)
"""Sizes of at most three billion parameters, in the names of models."""
KEY = re.compile("[!-~]*")
LONGEST = {"model": 200, "key": 1000}
"""Characters."""
PLAIN = frozenset({
    "bad_key", "no_key", "malformed_key", "unknown_host", "refused", "connect_timeout", "first_token", "tls", "quota",
    "rate_limited", "garbage", "redirected",
})  # fmt: skip
"""Failures of a test that are told in words of the page, which name none of the settings' variables."""

log = logging.getLogger(__name__)


class ChatDesk:
    """Safe for many threads. Values that the settings give win, and a key of theirs is sent to their address alone."""

    def __init__(
        self,
        settings: Settings,
        make: Callable[..., ExaminableChat],
        *,
        check: Callable[[str], None] = address.check,
    ) -> None:
        """`make` is called as `OpenAIChat` is; `check` raises ChatChoiceRefused for an address nobody may choose."""
        self._settings = settings
        self._make = make
        self._check = check
        self._file = ChoiceFile(Path(settings.data_dir))
        self._fixed = _fixed(settings)
        self._testing = threading.Lock()
        self._use(self._file.choice())

    @property
    def chat(self) -> WatchedChat | None:
        """The model that answers now; None without one."""
        return self._chat

    def failure(self) -> Reason | None:
        """The reason why it did not answer when it was last asked; None where it did."""
        chat = self._chat
        return chat.failure if chat else None

    def abilities(self) -> ChatAbilities | None:
        """What is known of its server; None before anything was found out."""
        return self._file.abilities(_server(self._applied))

    def context(self) -> int:
        """Tokens of the context of the model in use: as the settings say, else its server; 0 where neither does."""
        return self._context(self._applied) if self._chat else 0

    def longest(self) -> int:
        """Tokens of the longest answer of the model in use."""
        return self._longest(self._applied)

    def _context(self, applied: ChatChoice) -> int:
        known = self._file.abilities(_server(applied))
        return self._settings.openai_context or (known.context if known else 0)

    def _longest(self, applied: ChatChoice) -> int:
        context, most = self._context(applied), applied.max_tokens or 0
        return min(most, context // SHARE) if context else most

    def weak(self) -> bool:
        """True if the name of the model in use says that it is a small one, which follows few rules."""
        return bool(self._chat and WEAK.search(self._applied.model))

    def said(self) -> Reason | None:
        """What the server in use can do, in one sentence; None where that is not known."""
        able = self.abilities() if self._chat else None
        return able.said() if able else None

    def in_use(self) -> ChatInUse:
        applied, chat = self._applied, self._chat
        return ChatInUse(
            choice=replace(applied, key=""),
            host=chat.info.device if chat else "",
            has_key=bool(applied.key),
            chosen=self._chosen != ChatChoice(),
            fixed=self._fixed,
            abilities=self.abilities() if chat else None,
        )

    def keep(self, choice: ChatChoice, *, forget_key: bool = False) -> None:
        """Choose from now on; no key keeps the one there is, unless it was meant for another server.

        Raises ChatChoiceRefused.
        """
        chosen = self._with_key(self._allowed(choice), forget=forget_key)
        try:
            self._file.keep(chosen)
        except OSError as e:
            raise ChatChoiceRefused(reason("chat_server.not_kept", detail=e.strerror or type(e).__name__)) from e
        self._use(chosen)

    def examine(self, choice: ChatChoice) -> ChatExamination:
        """Try a choice without keeping it: the models of its server, what it can do, and what is wrong in one sentence.

        Raises ChatChoiceRefused.
        """
        applied = self._over(self._with_key(self._allowed(choice), forget=False))
        if not self._testing.acquire(blocking=False):
            raise ChatChoiceRefused(reason("chat_server.busy"))
        try:
            found = self._made(applied, timeout_s=TRIAL_S).examine(trial=True)
        finally:
            self._testing.release()
        if found.failure is None:
            self._learn(applied, found.abilities)
            if applied == self._applied:
                self._use(self._chosen)
            return found
        return replace(found, failure=_told(found, applied.model))

    def look(self) -> ChatExamination:
        """Ask the server in use for its models, which costs nothing; a server that is not there is told of at once."""
        applied, chat = self._applied, self._chat
        if chat is None:
            return ChatExamination()
        found = self._made(applied).examine(trial=False)
        if found.failure:
            chat.failure = found.failure
        elif found.abilities.context and found.abilities.context != self.context():
            self._learn(applied, replace(self.abilities() or ChatAbilities(), context=found.abilities.context))
            if applied == self._applied:
                self._use(self._chosen)
        return found

    def _learn(self, applied: ChatChoice, abilities: ChatAbilities) -> None:
        try:
            self._file.learn(_server(applied), abilities)
        except OSError as e:
            log.warning("what the language model's server can do is not remembered (%s)", e.strerror)

    def _use(self, chosen: ChatChoice) -> None:
        applied = self._over(chosen)
        self._chosen, self._applied = chosen, applied
        there = bool(applied.key) if "key" in self._fixed else chosen.names_a_model
        self._chat = WatchedChat(self._made(applied)) if there else None

    def _over(self, chosen: ChatChoice) -> ChatChoice:
        """The values that apply: those of the settings where they give them or nobody chose."""
        usual, fixed = self._settings, self._fixed
        return ChatChoice(
            model=usual.openai_model if "model" in fixed or not chosen.model else chosen.model,
            url=usual.openai_base_url if "url" in fixed else chosen.url,
            key=usual.openai_api_key.reveal() if "key" in fixed else chosen.key,
            temperature=_first(fixed, "temperature", chosen.temperature, usual.openai_temperature),
            max_tokens=int(_first(fixed, "max_tokens", chosen.max_tokens, usual.openai_max_tokens)),
        )

    def _made(self, applied: ChatChoice, *, timeout_s: float | None = None) -> ExaminableChat:
        usual = self._settings
        return self._make(
            applied.model,
            applied.key,
            applied.url,
            timeout_s=usual.openai_timeout if timeout_s is None else timeout_s,
            max_retries=usual.openai_retries if timeout_s is None else 0,
            temperature=applied.temperature,
            max_output_tokens=self._longest(applied),
            reasoning_effort=usual.openai_reasoning_effort,
            abilities=self._file.abilities(_server(applied)) if timeout_s is None else None,
            allowed=None if "url" in self._fixed else self._check,
        )

    def _allowed(self, choice: ChatChoice) -> ChatChoice:
        """The choice without what the settings fix. Raises ChatChoiceRefused where a value is not possible."""
        clean = ChatChoice(
            model="" if "model" in self._fixed else choice.model.strip(),
            url="" if "url" in self._fixed else choice.url.strip(),
            key="" if "key" in self._fixed else choice.key.strip(),
            temperature=None if "temperature" in self._fixed else choice.temperature,
            max_tokens=None if "max_tokens" in self._fixed else choice.max_tokens,
        )
        if len(clean.model) > LONGEST["model"] or not clean.model.isprintable():
            raise ChatChoiceRefused(reason("chat_server.bad_model", most=LONGEST["model"]))
        if len(clean.key) > LONGEST["key"] or not KEY.fullmatch(clean.key):
            raise ChatChoiceRefused(reason("chat_server.malformed_key"))
        for name in ("temperature", "max_tokens"):
            self._within(name, getattr(clean, name))
        if clean.url:
            self._check(clean.url)
        return clean

    def _within(self, name: str, value: float | None) -> None:
        spec = self._settings.SPECS[f"openai_{name}"]
        if value is not None and not (spec.low or 0) <= value <= (spec.high or 0):
            raise ChatChoiceRefused(reason(f"chat_server.bad_{name}", low=spec.low or 0, high=spec.high or 0))

    def _with_key(self, choice: ChatChoice, *, forget: bool) -> ChatChoice:
        """The choice with the key that was kept, where it goes to the server that key was given for."""
        if choice.key or forget or _origin(choice.url) != _origin(self._chosen.url):
            return choice
        return replace(choice, key=self._chosen.key)


def _fixed(settings: Settings) -> Mapping[str, str]:
    """Names of the values that the settings give -> the variable of each. Address and key go together."""
    usual = Settings()
    given = {
        name: settings.SPECS[f"openai_{name}"].name
        for name in ("model", "temperature", "max_tokens", "base_url", "api_key")
        if f"openai_{name}" in settings.given or settings.value(f"openai_{name}") != usual.value(f"openai_{name}")
    }
    url, key = given.pop("base_url", ""), given.pop("api_key", "")
    return {**given, **({"url": url or key, "key": key or url} if url or key else {})}


def _first(fixed: Mapping[str, str], name: str, chosen: float | None, usual: float) -> float:
    return usual if name in fixed or chosen is None else chosen


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host of an address."""
    try:
        parts = urlsplit(url or OPENAI_URL)
        return parts.scheme, f"{parts.hostname}:{parts.port or ''}"
    except ValueError:
        return "", ""


def _server(applied: ChatChoice) -> str:
    """Name under which abilities are remembered."""
    return f"{applied.model} {applied.url or OPENAI_URL}"


def _told(found: ChatExamination, model: str) -> Reason:
    """The failure of a test, in one sentence that says what to change on the page."""
    why = found.failure
    assert why is not None
    kind = why.code.removeprefix("generation.")
    if kind == "not_found" or (found.models and model not in found.models and kind in ("rejected", "server_error")):
        known = ", ".join(found.models[:5]) + (", …" if len(found.models) > 5 else "")
        values = {**why.values, "model": model, "known": known}
        return reason("chat_server.not_there" if known else "chat_server.not_found", **values)
    return reason(f"chat_server.{kind}", **why.values) if kind in PLAIN else why
