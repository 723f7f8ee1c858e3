"""Runs one conversion in a process of its own, bounded in time and memory, and ended at once when cancelled."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import DocumentRefused, Stopped
from ..events import Cancel
from ..messages import reason
from .formats import PROTECTED, UNREADABLE

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class ConvertLimits:
    """What one file may take."""

    seconds: float = 120.0
    megabytes: int = 4096
    """Of address space; not bounded on Windows and macOS, which offer no such limit."""


def to_markdown(kind: str, data: bytes, *, cancel: Cancel, limits: ConvertLimits | None = None) -> str:
    """The Markdown of a file of `kind` (see `formats`).

    Raises DocumentRefused when it cannot be converted or holds no text, Stopped when cancelled.
    """
    limits = limits or ConvertLimits()
    command = [sys.executable, "-m", "rag.convert.worker", kind, str(limits.megabytes)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        cancel.on_cancel(process.kill)
        try:
            out, err = process.communicate(data, timeout=limits.seconds)
        except subprocess.TimeoutExpired as e:
            raise DocumentRefused(reason("convert.too_slow", kind=kind.upper(), seconds=limits.seconds)) from e
        finally:
            process.kill()
    if cancel:
        raise Stopped(reason("ingest.cancelled"))
    _check(process.returncode, kind, err.decode("utf-8", "replace")[-200:].strip())
    text = out.decode("utf-8")
    if not text.strip():
        raise DocumentRefused(reason("convert.no_text_pdf" if kind == "pdf" else "convert.no_text"))
    return text


def _check(code: int, kind: str, detail: str) -> None:
    if code == PROTECTED:
        raise DocumentRefused(reason("convert.protected"))
    if code == UNREADABLE:
        raise DocumentRefused(reason("convert.unreadable", kind=kind.upper(), detail=detail))
    if code != 0:
        raise DocumentRefused(reason("convert.crashed", kind=kind.upper(), exit=code))
