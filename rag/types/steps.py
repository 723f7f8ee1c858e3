"""Steps: what an answer did to gather its evidence, one after the other, as values.

The first step is always the ordinary search for the question itself. What follows was chosen by a rule or a model, and
every choice keeps its reason and what else could have been chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from rag.messages import Reason
from rag.text.differences import DiffPiece

Arguments = tuple[tuple[str, str], ...]
"""Names and values of what a step was told besides its query, in order; a name may come again."""
ARGUMENT_NAMES = (
    "tag", "folder", "kind", "language", "since", "until", "title", "name", "key", "value", "order", "most", "table",
    "operation", "column", "where", "is", "limit", "group",
)  # fmt: skip
"""Those that are told to a reader."""


class Approach(StrEnum):
    """Way in which the evidence of a question is gathered."""

    AUTO = "auto"
    """In steps where a rule sees a reason to, else by one search."""
    DIRECT = "direct"
    """By one search."""
    STEPS = "steps"


class Thoroughness(StrEnum):
    """How much may be spent on the steps of an answer."""

    QUICK = "quick"
    NORMAL = "normal"
    THOROUGH = "thorough"


class StepKind(StrEnum):
    """Kind of a step."""

    SEARCH = "search"
    READ = "read"
    """Look into a document that a passage leads to, read a section, or on from a passage."""
    LIST = "list"
    """List documents by what is known of them."""
    TABULATE = "tabulate"
    """Count with the rows of a table."""
    COMPARE = "compare"
    """Set two subjects, or two versions of a document, side by side."""
    CHART = "chart"
    """Draw the numbers of a table that a step told."""
    ANSWER = "answer"
    GIVE_UP = "give_up"


class StepAuthor(StrEnum):
    """Who chose a step."""

    RULE = "rule"
    MODEL = "model"
    READER = "reader"
    """In another answer to the same question, from the steps of an earlier one."""


@dataclass(frozen=True, slots=True)
class StepOption:
    """A kind of step that was looked at before a step was chosen; `why` says what for, or why it was not open."""

    kind: StepKind
    open: bool
    why: Reason


@dataclass(frozen=True, slots=True)
class StepRow:
    """A row of a table, and where it stands: characters `[start, end)` of a document."""

    cells: tuple[str, ...]
    document: str
    collection: str = ""
    chunk: str = ""
    """Id of the passage that holds it; "" where that was not read."""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class StepTable:
    """What a step lists or counts, for a reader to check."""

    says: Reason
    """What comes of it, in one sentence."""
    columns: tuple[str, ...]
    rows: tuple[StepRow, ...]
    """The rows it rests on, at most `MOST_ROWS` of them."""
    total: int
    """Rows in all."""
    of_documents: bool = False
    """True if its rows are documents, and its columns names of what is known of each."""
    document: str = ""
    """The document whose table it is; "" for a list of documents."""
    heading_path: tuple[str, ...] = ()
    deciding: tuple[StepRow, ...] = ()
    """Rows the figure rests on, where they are few: named in the answer one by one."""
    in_time: bool = False
    """True where all of its rows have a date, and stand in the order of those."""

    MOST_ROWS: ClassVar[int] = 200


@dataclass(frozen=True, slots=True)
class ComparedPlace:
    """Words of a document on one side of a comparison, in pieces: of versions, those that differ are told."""

    pieces: tuple[DiffPiece, ...]
    document: str
    heading_path: tuple[str, ...] = ()
    collection: str = ""
    chunk: str = ""
    """Id of the passage they stand in."""

    @property
    def text(self) -> str:
        """The words in one piece."""
        return "".join(piece.text for piece in self.pieces)


ComparedRow = tuple[ComparedPlace | None, ComparedPlace | None]
"""Left and right; None on the side that has nothing there."""


@dataclass(frozen=True, slots=True)
class StepComparison:
    """Two subjects with their best passages, or two versions of a document with the sentences that differ."""

    says: Reason
    """What comes of it, in one sentence."""
    names: tuple[str, str]
    rows: tuple[ComparedRow, ...]
    """At most `MOST_ROWS` of them."""
    total: int
    """Rows in all."""
    of_versions: bool = False

    MOST_ROWS: ClassVar[int] = 40


class ChartKind(StrEnum):
    """Kind of a chart."""

    BAR = "bar"
    LINE = "line"
    SCATTER = "scatter"


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """The numbers of a column, in the order of the labels; None where a cell has none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class StepChart:
    """Numbers of a table as they are drawn. Of a scatter chart the first series is across, the second up."""

    kind: ChartKind
    names: str
    """Name of the column of labels."""
    labels: tuple[str, ...]
    series: tuple[ChartSeries, ...]
    total: int
    """Rows of the table; at most `MOST_POINTS` are drawn."""

    MOST_POINTS: ClassVar[int] = 40


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """One step of an answer, as far as it is known."""

    number: int
    """From 1, in the order the steps were taken."""
    kind: StepKind
    author: StepAuthor
    why: Reason
    """Why this step was chosen."""
    parent: int = 0
    """Number of the step whose outcome led to it; 0 for none."""
    query: str = ""
    """What was searched for; "" where nothing was."""
    purpose: str = ""
    """The part of the question it was taken for; "" for all of it."""
    documents: tuple[str, ...] = ()
    """Names it looked into; empty for all of the scope."""
    options: tuple[StepOption, ...] = ()
    """Other steps that could have been taken, and those that could not."""
    search: int = 0
    """Number of the search it made; 0 for none."""
    found: int = 0
    """Passages it found."""
    kept: int = 0
    """Passages that are contexts because of it."""
    note: Reason | None = None
    """What came of it, where that is more than what was found; why it failed, if it did."""
    failed: bool = False
    milliseconds: float | None = None
    """None while it is being taken. Choosing it is counted too."""
    table: StepTable | None = None
    """What it lists or counts."""
    comparison: StepComparison | None = None
    chart: StepChart | None = None
    tokens: int = 0
    """Tokens the language model took to choose it; 0 where it chose nothing, or its server did not count."""
    arguments: Arguments = ()
    """Which documents a search or a list keeps to, or what is counted of which rows."""
    section: str = ""
    """Heading under which it read; "" where it searched."""
    calls: int = 0
    """Times the language model was asked to choose it."""
    reused: str = ""
    """Id of the answer that took it, where this one only uses what it found; "" for a step of its own."""


@dataclass(frozen=True, slots=True)
class StepFork:
    """Another way on from the steps of a given answer."""

    kept: tuple[int, ...]
    """Numbers of the steps that are kept as they are; the first always is."""
    taken: AnswerStep | None = None
    """The step the reader wants next: its kind, query, purpose and documents. None answers from what is kept."""
    instead: int = 0
    """Number of the step it takes the place of, which is not taken after it; 0 for none."""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step began, if it has no milliseconds yet, or ended."""

    step: AnswerStep
