"""One question to one answer: rewrite, retrieve, decide, generate, cite, as events, ending in the ledger.

Knows neither Gradio, Milvus nor OpenAI. Whatever goes wrong, the last event is `Answered`: a failure is an outcome
with a reason, never a lost question.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from . import citations, prompts
from .errors import GenerationError, RagError
from .events import Cancel, Delta, Retrieved, Stage, StageEvent, State
from .ledger import Answered, AnswerEvent, Citation, Ledger, Outcome
from .messages import Reason, reason
from .protocols import ChatModel, Extractor, Store
from .retrieval import Retriever
from .rewriting import rewrite
from .stages import BREAKDOWNS, Stopwatch, breakdown
from .status import ModelInfo
from .types import Candidate, Exchange, Message, Retrieval, RetrievalOptions

log = logging.getLogger(__name__)

MAX_QUESTION = 8000
"""Characters. Longer texts are documents; they would also crowd the reranker's prompt."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same from question to question: shown with every answer."""

    profile: str
    models: Mapping[str, ModelInfo]
    budget: prompts.PromptBudget


class Conversation:
    """Answers questions over one collection. Holds no history: the caller does, so that two users never mix."""

    def __init__(
        self,
        retriever: Retriever,
        store: Store,
        *,
        chat: ChatModel | None,
        extractor: Extractor,
        count_tokens: Callable[[Sequence[str]], list[int]],
        setup: Setup,
        now: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.retriever = retriever
        self.store = store
        self.chat = chat
        self.extractor = extractor
        self.count_tokens = count_tokens
        self.setup = setup
        self.now = now
        self.wall_clock = wall_clock

    def ask(
        self, question: str, *, history: Sequence[Exchange], options: RetrievalOptions, cancel: Cancel
    ) -> Iterator[AnswerEvent]:
        """Events of one answer, the last one `Answered`. Raises RagError only for a question that cannot be asked."""
        question = question.strip()
        if not question:
            raise RagError(reason("stages.empty_question"))
        if len(question) > MAX_QUESTION:
            raise RagError(reason("stages.question_too_long", length=len(question), limit=MAX_QUESTION))
        turn = _Turn(self, question, tuple(history), options, cancel)
        yield from turn.run()


@dataclass
class _Turn:
    """The answer in the making; `ledger()` freezes it."""

    parts: Conversation
    question: str
    history: tuple[Exchange, ...]
    options: RetrievalOptions
    cancel: Cancel
    watch: Stopwatch = field(init=False)
    started_at: float = field(init=False)
    search_query: str = ""
    retrieval: Retrieval | None = None
    messages: tuple[Message, ...] = ()
    answer: str = ""
    found: tuple[Citation, ...] = ()
    outcome: Outcome = Outcome.STOPPED
    why: Reason | None = None
    stages: dict[Stage, StageEvent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Stopwatch(self.parts.now)
        self.started_at = self.parts.wall_clock()
        self.search_query = self.question
        self.why = reason("stages.stopped")

    def run(self) -> Iterator[AnswerEvent]:
        try:
            for event in self._steps():
                if isinstance(event, StageEvent):
                    self.stages[event.stage] = event
                yield event
                if self.cancel:
                    break
        except RagError as e:
            yield from self._fail(e.reason)
        except Exception as e:  # the last line: whatever it is, the question must not be lost
            log.exception("an answer broke down")
            yield from self._fail(reason("stages.broke_down", kind=type(e).__name__))
        if self.cancel:
            self._end(Outcome.STOPPED, reason("stages.stopped"))
        yield Answered(self.ledger())

    def _fail(self, why: Reason) -> Iterator[StageEvent]:
        """End with `why`; a stage under way failed by it, and those that never began are told as skipped."""
        self._end(Outcome.FAILED, why)
        for stage in Stage:
            event = self.stages.get(stage)
            if event and event.state in (State.STARTED, State.PROGRESS):
                self.stages[stage] = self.watch.fail(stage, why)
            elif event is None:
                self.stages[stage] = self.watch.skip(stage, reason("stages.not_reached"))
            else:
                continue
            yield self.stages[stage]

    def _steps(self) -> Iterator[AnswerEvent]:
        yield from self._rewrite()
        for event in self.parts.retriever.run(self.search_query, self.options, cancel=self.cancel):
            if isinstance(event, Retrieved):
                self.retrieval = event.retrieval
            else:
                yield event
        if self.retrieval is None:
            return
        if not self.retrieval.contexts:
            yield Retrieved(self.retrieval)
            yield from self._abstain(self.retrieval)
            return
        if self.parts.chat is None:
            yield self.watch.skip(Stage.PROMPT, reason("stages.no_model"))
            yield Retrieved(self.retrieval)
            yield from self._quote(None)
        else:
            prompt = yield from self._prompt(self.retrieval)
            yield Retrieved(self.retrieval)
            if not prompt.contexts:
                self.messages = ()  # they are not sent
                for stage in (Stage.GENERATE, Stage.CITE):
                    yield self.watch.skip(stage, reason("stages.no_contexts"))
                self._end(Outcome.ABSTAINED, next(iter(prompt.dropped.values())))
                return
            yield from self._generate(self.parts.chat, prompt)
        yield from self._cite()

    def _rewrite(self) -> Iterator[AnswerEvent]:
        if not self.history:
            yield self.watch.skip(Stage.REWRITE, reason("stages.no_history"))
            return
        yield self.watch.start(Stage.REWRITE)
        rewritten = rewrite(self.question, self.history, chat=self.parts.chat, cancel=self.cancel)
        self.search_query = rewritten.query
        if rewritten.failed:
            yield self.watch.fail(Stage.REWRITE, rewritten.reason or reason("stages.unchanged_query"))
        elif rewritten.author == "user":
            yield self.watch.skip(Stage.REWRITE, rewritten.reason or reason("stages.unchanged_query"))
        else:
            yield self.watch.finish(Stage.REWRITE, why=rewritten.reason)

    def _abstain(self, retrieval: Retrieval) -> Iterator[AnswerEvent]:
        why = self._why_nothing(retrieval)
        for stage in (Stage.PROMPT, Stage.GENERATE, Stage.CITE):
            yield self.watch.skip(stage, reason("stages.no_contexts"))
        self._end(Outcome.ABSTAINED, why)

    def _why_nothing(self, retrieval: Retrieval) -> Reason:
        judged = [c.probability for c in retrieval.candidates if c.probability is not None]
        if judged:
            return reason("stages.abstained", threshold=self.options.threshold, probability=max(judged))
        if not self.parts.store.documents():
            return reason("stages.no_documents")
        return reason("stages.nothing_matches")

    def _prompt(self, retrieval: Retrieval) -> Generator[AnswerEvent, None, prompts.Prompt]:
        yield self.watch.start(Stage.PROMPT)
        prompt = prompts.answer_messages(
            self.question,
            retrieval.contexts,
            self.history,
            count_tokens=self.parts.count_tokens,
            budget=self.parts.setup.budget,
        )
        self.messages = prompt.messages
        self.retrieval = _without(retrieval, prompt.dropped)
        yield self.watch.finish(Stage.PROMPT, done=len(prompt.contexts), total=len(retrieval.contexts))
        return prompt

    def _generate(self, chat: ChatModel, prompt: prompts.Prompt) -> Iterator[AnswerEvent]:
        yield self.watch.start(Stage.GENERATE)
        try:
            for delta in chat.stream(prompt.messages, cancel=self.cancel):
                self.answer += delta
                yield Delta(delta)
        except GenerationError as e:
            yield self.watch.fail(Stage.GENERATE, e.reason)
            if self.answer:
                self._end(Outcome.FAILED, e.reason)
            else:
                yield from self._quote(e.reason)
            return
        yield self.watch.finish(Stage.GENERATE)
        self._end(Outcome.GENERATED, None)

    def _quote(self, failed: Reason | None) -> Iterator[AnswerEvent]:
        """The extractive answer. With `failed`, the model's failure stays the verdict on the generate stage."""
        if failed is None:
            yield self.watch.start(Stage.GENERATE)
        contexts = self.retrieval.contexts if self.retrieval else ()
        try:
            for piece in self.parts.extractor.answer(self.question, contexts):
                self.answer += piece
                yield Delta(piece)
        except BREAKDOWNS as e:
            why = breakdown(Stage.GENERATE, e)
            yield self.watch.fail(Stage.GENERATE, why)
            self._end(Outcome.FAILED, why)
            return
        if failed is None:
            yield self.watch.finish(Stage.GENERATE, why=reason("stages.no_model"))
        self._end(Outcome.EXTRACTIVE, failed)

    def _cite(self) -> Iterator[AnswerEvent]:
        if not self.answer:
            yield self.watch.skip(Stage.CITE, reason("stages.no_contexts"))
            return
        yield self.watch.start(Stage.CITE)
        sent = len(self.retrieval.contexts) if self.retrieval else 0
        self.found = citations.find(self.answer, sent)
        yield self.watch.finish(Stage.CITE, done=sum(c.valid for c in self.found), total=len(self.found))

    def _end(self, outcome: Outcome, why: Reason | None) -> None:
        self.outcome, self.why = outcome, why

    def ledger(self) -> Ledger:
        setup = self.parts.setup
        return Ledger(
            question=self.question,
            search_query=self.search_query,
            options=self.options,
            retrieval=self.retrieval,
            stages=tuple(self.stages[stage] for stage in Stage if stage in self.stages),
            messages=self.messages,
            answer=self.answer,
            citations=self.found or citations.find(self.answer, len(self.retrieval.contexts) if self.retrieval else 0),
            outcome=self.outcome,
            reason=self.why,
            models=setup.models,
            profile=setup.profile,
            started_at=self.started_at,
        )


def _without(retrieval: Retrieval, dropped: Mapping[str, Reason]) -> Retrieval:
    """The retrieval with contexts that did not fit marked as dropped; `dropped` is by chunk id."""

    def mark(candidate: Candidate) -> Candidate:
        why = dropped.get(candidate.stored.id)
        return replace(candidate, number=None, dropped=why) if why else candidate

    return replace(retrieval, candidates=tuple(mark(c) for c in retrieval.candidates))
