"""What lists and tables tell, in words: for a reader, and for the language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.messages import Language, Reason, reason, text
from rag.text.reading import BlockKind
from rag.text.sanitizer import safe_markdown
from rag.types import Chunk
from rag.types.steps import AnswerStep, ComparedRow, StepComparison, StepRow, StepTable

from ..draft import Draft
from .comparing import clipped

MOST_ROWS = 40
"""Rows that the language model is told."""
LONGEST_CELL = 120
MOST_CHANGES = 12
"""Differences of two versions that are told; the display has more."""
LONGEST_CHANGE = 240
"""Characters of each side of one."""


def exact(step: AnswerStep) -> bool:
    """True for a step that tells something by itself: a list, a table, or how two versions differ."""
    return step.table is not None or (step.comparison is not None and step.comparison.of_versions)


def told(step: AnswerStep, draft: Draft, language: Language) -> str:
    """The sentence on what a step came to, with the contexts it rests on; a list names those of its documents."""
    numbers = numbers_of(step, draft)
    found = step.comparison or step.table
    assert found is not None
    cites = " ".join(f"[{number}]" for number in dict.fromkeys(numbers.values()))
    said = _line(text(found.says, language))
    sentence = text(reason("steps.sentence", says=said, cites=f" {cites}" if cites else ""), language)
    if step.comparison:
        return "\n".join([sentence, "", *_changes(step.comparison, numbers, language)]).rstrip()
    table = step.table
    if table is not None and not table.of_documents:
        return "\n".join([sentence, "", *_named_rows(table, numbers, draft)]).rstrip()
    if table is None or len(table.rows) < 2:
        return sentence
    named = [(row, numbers[row.chunk]) for row in table.rows if row.chunk in numbers]
    days = {id(row): f"{row.cells[3]}: " if table.in_time else "" for row, _ in named}
    items = [f"- {days[id(row)]}{_line(row.cells[1] or row.cells[0])} [{number}]" for row, number in named]
    return "\n".join([sentence, "", *items]).rstrip()


def facts(draft: Draft, language: Language) -> list[str]:
    """Lines for the language model: each sentence with the contexts it rests on, then the rows."""
    lines: list[str] = []
    for step in draft.steps:
        found = step.table or (step.comparison if exact(step) else None)
        if found is None:
            continue
        numbers = ", ".join(f"context {number}" for number in dict.fromkeys(numbers_of(step, draft).values()))
        lines.append(" ".join(text(found.says, language).split()) + (f" ({numbers})" if numbers else ""))
        if isinstance(found, StepTable):
            lines += _rows(found, numbers_of(step, draft))
        else:
            lines += [text(change(row, found, language=language), language) for row in found.rows[:MOST_CHANGES]]
    return lines


def numbers_of(step: AnswerStep, draft: Draft) -> dict[str, int]:
    """Passage -> number, of the contexts that hold what a step counted."""
    search = next((one for one in draft.searches if one.number == step.search), None)
    found = {c.stored.id for c in search.candidates} if search else set()
    return {c.stored.id: c.number for c in draft.contexts if c.number and c.stored.id in found}


def _named_rows(table: StepTable, numbers: Mapping[str, int], draft: Draft) -> Iterator[str]:
    """Items on the rows a figure rests on, letter by letter as they are read in their context, which is cited."""
    chunks = {c.stored.id: c.stored.chunk for c in draft.contexts}
    for row in table.deciding:
        if row.chunk in numbers and (words := _read(row, chunks[row.chunk])):
            yield f"- {safe_markdown(words)} [{numbers[row.chunk]}]"


def _read(row: StepRow, chunk: Chunk) -> str:
    """A row of a passage as it is read; "" where the passage no longer has it."""
    read = chunk.reading
    for block in read.blocks:
        if block.kind is BlockKind.ROW and (span := read.source_span(block.start, block.end)):
            start, end = chunk.start + span[0], chunk.start + span[1]
            if start < row.end and row.start < end:
                return " ".join(read.text[block.start : block.end].split())
    return ""


def _changes(comparison: StepComparison, numbers: Mapping[str, int], language: Language) -> Iterator[str]:
    """Items on the first differences whose passages are contexts, with their numbers."""
    cited = [row for row in comparison.rows if any(place and place.chunk in numbers for place in row)]
    for row in cited[:MOST_CHANGES]:
        cites = dict.fromkeys(f" [{numbers[place.chunk]}]" for place in row if place and place.chunk in numbers)
        yield f"- {_line(text(change(row, comparison, language=language), language))}{''.join(cites)}"


def change(row: ComparedRow, comparison: StepComparison, *, language: Language) -> Reason:
    """What differs in one place, in words."""
    left, right = row
    told = {name: clipped(place.text, LONGEST_CHANGE) for name, place in (("left", left), ("right", right)) if place}
    where = next((" › ".join(place.heading_path[-1:]) for place in (right, left) if place), "")
    if left and right:
        said = reason("steps.became", **told)
    else:
        said = reason("steps.only_in", name=comparison.names[0 if left else 1], text=next(iter(told.values()), ""))
    return reason("steps.in_section", section=where, says=said) if where else said


def _rows(table: StepTable, numbers: Mapping[str, int]) -> Sequence[str]:
    """The rows, each with the context it stands in, so that it can be cited as a passage is."""
    shown = [_joined(table.columns), *(_placed(row, numbers) for row in table.rows[:MOST_ROWS])]
    left = table.total - min(table.total, MOST_ROWS)
    return [*shown, *([f"... and {left} more"] if left else [])]


def _placed(row: StepRow, numbers: Mapping[str, int]) -> str:
    number = numbers.get(row.chunk)
    return _joined(row.cells) + (f" context {number}" if number else "")


def _joined(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split())[:LONGEST_CELL] for cell in cells) + " |"


def _line(words: str) -> str:
    return safe_markdown(" ".join(words.split()))
