"""An answer in the making: what is known so far, frozen into a ledger at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.citations import markers as citations
from rag.citations.check import Checked, check
from rag.citations.stream import QuoteSplitter
from rag.events import SEARCH_STAGES, Retrieved, Stage, StageEvent
from rag.ledger import Author, Ledger, Outcome, Request, Search, Tokens, contexts_of
from rag.messages import Reason, reason
from rag.protocols import Afresh
from rag.retrieval.merging import without
from rag.status import ModelInfo
from rag.types import Candidate, Fingerprint, Message, RetrievalOptions, Usage
from rag.types.steps import AnswerStep, StepKind

PROVIDER = "provider"
"""Name of the counter where the model's server counted the tokens."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The facts that stay the same from question to question: kept with every answer."""

    profile: str
    models: Mapping[str, ModelInfo]
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, str] = field(default_factory=dict)
    """Id -> name of the knowledge bases that are searched."""


def unanswered(request: Request, at: float) -> Ledger:
    """The ledger of a question while its answer is being written: it stays where the app ends before the answer."""
    return Ledger(
        question=request.question,
        options=request.options,
        searches=(begun(request),),
        answer_stages=(),
        messages=(),
        answer="",
        citations=(),
        outcome=Outcome.FAILED,
        reason=reason("stages.unanswered"),
        models={},
        profile="",
        started_at=at,
        id=request.id,
    )


def begun(request: Request) -> Search:
    """The search of a question before anything is known: for what the user wants searched, else for the question."""
    author = Author.EDITED if request.search_query else Author.USER
    return Search(1, request.search_query or request.question, author, request.options)


@dataclass
class Draft:
    """Filled in step by step. Until something else is said, its outcome is that it was stopped."""

    id: str
    request: Request
    started_at: float
    searches: tuple[Search, ...] = ()
    """Their stages are in `stages` until the ledger is made."""
    steps: tuple[AnswerStep, ...] = ()
    messages: tuple[Message, ...] = ()
    answer: str = ""
    raw: str = ""
    usage: Usage | None = None
    """As the model's server counted."""
    tokens: Tokens = field(default_factory=Tokens)
    outcome: Outcome = Outcome.STOPPED
    why: Reason | None = None
    stages: dict[tuple[int, Stage], StageEvent] = field(default_factory=dict)
    """The last event of every step, by search; those of the answer are kept with the first."""
    checked: Checked | None = None
    _splitter: QuoteSplitter = field(default_factory=QuoteSplitter)

    def __post_init__(self) -> None:
        self.searches = self.searches or (begun(self.request),)
        self.why = self.why or reason("stages.stopped")

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        """The contexts that are sent, in order of their numbers."""
        return contexts_of(self.searches)

    @property
    def searched(self) -> bool:
        return any(search.retrieval is not None for search in self.searches)

    @property
    def parts(self) -> tuple[Search, ...]:
        """The searches made for parts of the question."""
        of_parts = {step.search for step in self.steps if step.kind is StepKind.SEARCH and step.purpose}
        return tuple(search for search in self.searches if search.number in of_parts)

    def evidence_for(self, part: Search) -> tuple[Candidate, ...]:
        """The contexts that the search of a part found, the best for it first: also those an earlier search sends."""
        return evidence_of(part, self.contexts)

    def known(self) -> Iterator[Retrieved]:
        """The evidence as it stands, search by search."""
        for search in self.searches:
            if search.retrieval is not None:
                yield Retrieved(search.retrieval, search.number)

    def note(self, event: StageEvent | Retrieved) -> None:
        """Take in how far a search or the answer has come."""
        if isinstance(event, Retrieved):
            self.searches = tuple(
                replace(one, retrieval=event.retrieval) if one.number == event.search else one for one in self.searches
            )
        else:
            self.stages[event.search, event.stage] = event

    def credit_steps(self) -> None:
        """Note with every step how many contexts there are because of it: a later step may take some over."""
        kept = {search.number: len(search.contexts) for search in self.searches}
        self.steps = tuple(replace(step, kept=kept.get(step.search, 0)) for step in self.steps)

    def look_for(self, query: str, author: Author) -> None:
        """Set the query of the question's own search, and its author."""
        self.searches = (replace(self.searches[0], query=query, author=author), *self.searches[1:])

    def hear(self, delta: str) -> str:
        """Take in a piece of the model's reply; returns what is to be shown of it."""
        if isinstance(delta, Afresh):
            self.retract()
            self.raw = ""
        self.raw += delta
        return self.say(self._splitter.feed(delta))

    def retract(self) -> None:
        """Discard what was said so far: it is no answer."""
        self.answer, self._splitter = "", QuoteSplitter()

    def hear_out(self, *, whole: bool) -> str:
        """The reply has ended, by itself (`whole`) or not; returns what is still to be shown."""
        return self.say(self._splitter.flush(whole=whole))

    def say(self, text: str) -> str:
        """Add to the answer."""
        self.answer += text
        return text

    def note_usage(self, usage: Usage) -> None:
        """Keep the tokens the model's server counted; its last count replaces earlier ones."""
        if usage.prompt_tokens or usage.answer_tokens:
            self.usage = usage

    def count(self, count_tokens: Callable[[Sequence[str]], Sequence[int]], *, counter: str) -> None:
        """Note how many tokens the answer took; estimated by `counter` where the server did not say."""
        if self.usage:
            self.tokens = Tokens(self.usage.prompt_tokens, self.usage.answer_tokens, counted_by=PROVIDER)
        elif self.raw:
            *sent, said = count_tokens([*(message.content for message in self.messages), self.raw])
            self.tokens = Tokens(sum(sent), said, counted_by=counter)

    def check(self) -> Checked:
        """Hold the answer against its contexts. Where nothing was searched, or nothing kept, it makes no claims."""
        if not self.searched or self.outcome is Outcome.ABSTAINED:
            return Checked(citations.find(self.answer, len(self.contexts)))
        whole = self.outcome in (Outcome.GENERATED, Outcome.EXTRACTIVE)
        return check(self.answer, self._splitter.quotes, self.contexts, whole=whole)

    def end(self, outcome: Outcome, why: Reason | None) -> None:
        self.outcome, self.why = outcome, why

    def drop(self, dropped: Mapping[str, Reason]) -> None:
        """Contexts that did not fit are none any more; `dropped` is by chunk id."""
        self.searches = without(self.searches, dropped)

    def ledger(self, setup: Setup) -> Ledger:
        """The record as it stands."""
        self.hear_out(whole=False)  # nothing is left of a reply that ended properly
        checked = self.checked or self.check()
        return Ledger(
            question=self.request.question,
            options=self.request.options,
            steps=self.steps,
            searches=tuple(replace(one, stages=self._steps(one.number, SEARCH_STAGES)) for one in self.searches),
            answer_stages=self._steps(1, [stage for stage in Stage if stage not in SEARCH_STAGES]),
            messages=self.messages,
            answer=self.answer,
            citations=checked.citations,
            outcome=self.outcome,
            reason=self.why,
            models=setup.models,
            profile=setup.profile,
            started_at=self.started_at,
            id=self.id,
            raw=self.raw,
            quotes=checked.quotes,
            claims=checked.claims,
            tokens=replace(self.tokens, contexts=sum(c.stored.chunk.tokens for c in self.contexts)),
            fingerprints=setup.fingerprints,
            versions=setup.versions,
            collections=setup.collections,
        )

    def _steps(self, search: int, stages: Sequence[Stage]) -> tuple[StageEvent, ...]:
        return tuple(self.stages[search, stage] for stage in stages if (search, stage) in self.stages)


def evidence_of(part: Search, contexts: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those of the contexts of an answer that one of its searches found, the best for it first."""
    merit = {c.stored.id: c.log_odds or 0.0 for c in part.candidates if not _below(c, part.options)}
    return tuple(sorted((c for c in contexts if c.stored.id in merit), key=lambda c: -merit[c.stored.id]))


def unknown_to(search: Search) -> tuple[str, ...]:
    """The telling words of a search that no passage has."""
    return search.retrieval.unknown if search.retrieval else ()


def _below(c: Candidate, options: RetrievalOptions) -> bool:
    return c.probability is not None and c.probability < options.threshold
