"""What `doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass

from rag.messages import Language, Reason, label, text


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that was looked at; `well` is False when the product cannot work like that."""

    what: str
    well: bool
    why: Reason

    def line(self, language: Language) -> str:
        """`ok` or `FIX`, what was looked at, and the finding."""
        mark = label("doctor.well" if self.well else "doctor.fix", language)
        return f"{mark:<4} {label(f'doctor.{self.what}', language)}: {text(self.why, language)}"
