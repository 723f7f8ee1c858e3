"""What lists and tables tell, in words: for a reader, and for the language model."""

from __future__ import annotations

from collections.abc import Sequence

from rag.messages import Language, reason, text
from rag.text.sanitizer import safe_markdown
from rag.types.steps import AnswerStep, StepTable

from ..draft import Draft

MOST_ROWS = 40
"""Rows that the language model is told."""
LONGEST_CELL = 120


def told(step: AnswerStep, draft: Draft, language: Language) -> str:
    """The sentence on what a step came to, with the contexts it rests on; a list names those of its documents."""
    table = step.table
    assert table is not None
    numbers = numbers_of(step, draft)
    cites = " ".join(f"[{number}]" for number in dict.fromkeys(numbers.values()))
    said = _line(text(table.says, language))
    sentence = text(reason("steps.sentence", says=said, cites=f" {cites}" if cites else ""), language)
    if not table.of_documents or len(table.rows) < 2:
        return sentence
    named = [(row, numbers[row.chunk]) for row in table.rows if row.chunk in numbers]
    items = [f"- {_line(row.cells[1] or row.cells[0])} [{number}]" for row, number in named]
    return "\n".join([sentence, "", *items]).rstrip()


def facts(draft: Draft, language: Language) -> list[str]:
    """Lines for the language model: each sentence with the contexts it rests on, then the rows."""
    lines: list[str] = []
    for step in draft.steps:
        if step.table is None:
            continue
        numbers = ", ".join(f"context {number}" for number in dict.fromkeys(numbers_of(step, draft).values()))
        lines.append(" ".join(text(step.table.says, language).split()) + (f" ({numbers})" if numbers else ""))
        lines += _rows(step.table)
    return lines


def numbers_of(step: AnswerStep, draft: Draft) -> dict[str, int]:
    """Passage -> number, of the contexts that hold what a step counted."""
    search = next((one for one in draft.searches if one.number == step.search), None)
    found = {c.stored.id for c in search.candidates} if search else set()
    return {c.stored.id: c.number for c in draft.contexts if c.number and c.stored.id in found}


def _rows(table: StepTable) -> Sequence[str]:
    shown = [_joined(table.columns), *(_joined(row.cells) for row in table.rows[:MOST_ROWS])]
    left = table.total - min(table.total, MOST_ROWS)
    return [*shown, *([f"... and {left} more"] if left else [])]


def _joined(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split())[:LONGEST_CELL] for cell in cells) + " |"


def _line(words: str) -> str:
    return safe_markdown(" ".join(words.split()))
