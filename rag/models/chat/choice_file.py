"""The file that keeps what was chosen on the page, the key among it, for its owner alone; and what servers can do."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from rag.private_files import FILE, private_folder
from rag.types.chat_server import ChatAbilities, ChatChoice

NAME = "language_model.json"
MOST_KNOWN = 50
"""Servers whose abilities are remembered."""
LONGEST = 1_000_000
"""Bytes of a file that is ours."""

Kept = TypeVar("Kept", ChatChoice, ChatAbilities)

log = logging.getLogger(__name__)


class ChoiceFile:
    """Safe for many threads. A file that cannot be read is as good as none, and stays until something is kept."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = threading.Lock()

    def choice(self) -> ChatChoice:
        """What was chosen; nothing where nothing was."""
        return _made(ChatChoice, self._read().get("choice"))

    def abilities(self, server: str) -> ChatAbilities | None:
        """What is known of a server and model; None before anything was found out."""
        known = self._read().get("abilities")
        found = known.get(server) if isinstance(known, dict) else None
        return _made(ChatAbilities, found) if found else None

    def keep(self, choice: ChatChoice) -> None:
        """Raises OSError."""
        self._write(lambda kept: {**kept, "choice": asdict(choice)})

    def learn(self, server: str, abilities: ChatAbilities) -> None:
        """Raises OSError."""

        def known(kept: dict[str, Any]) -> dict[str, Any]:
            before = kept.get("abilities")
            others = {name: each for name, each in before.items() if name != server} if isinstance(before, dict) else {}
            newest = dict([*others.items(), (server, asdict(abilities))][-MOST_KNOWN:])
            return {**kept, "abilities": newest}

        self._write(known)

    def _read(self) -> dict[str, Any]:
        try:
            if self.path.stat().st_size > LONGEST:
                return {}
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as e:
            log.warning("the file %s cannot be read (%s)", self.path, type(e).__name__)
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        with self._lock:
            private_folder(self.path.parent)
            beside = self.path.with_suffix(".new")
            with contextlib.suppress(FileNotFoundError):
                beside.unlink()
            descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(change(self._read()), file, ensure_ascii=True)
            beside.replace(self.path)


def _made(kind: Callable[..., Kept], value: object) -> Kept:
    """A value of `kind` from what a file says; a field that is not what it should be has its default."""
    said = value if isinstance(value, dict) else {}
    usual = kind()
    return replace(usual, **{f.name: said[f.name] for f in fields(usual) if _fits(str(f.type), said.get(f.name))})


def _fits(kind: str, value: object) -> bool:
    """True if a value is of a field's type, as it is written in the class."""
    if isinstance(value, bool):
        return kind.startswith("bool")
    if isinstance(value, int | float) and math.isfinite(value):
        return kind.startswith("float") or (kind.startswith("int") and isinstance(value, int))
    return isinstance(value, str) and kind.startswith("str")
