"""One question to one answer: rewrite, retrieve, decide, generate, cite, as events, ending in the ledger.

Knows neither Gradio, Milvus nor OpenAI. Whatever goes wrong, the last event is `Answered`: a failure is an outcome
with a reason, never a lost question.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.errors import RagError
from rag.events import SEARCH_STAGES, Cancel, Delta, Retrieved, Stage, StageEvent, StageState
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Outcome, Request, made
from rag.messages import FIRST, SHIPPED, Reason, reason
from rag.protocols import ChatModel, Extractor, Searchable, Shelf
from rag.retrieval.merging import reselected
from rag.retrieval.retriever import Retriever
from rag.retrieval.stages import Stopwatch
from rag.text.well_formed import well_formed
from rag.types.steps import Approach, StepEvent, StepFork

from . import prompts, smalltalk
from .draft import Draft, Setup
from .refusals import why_nothing
from .rewriting import rewrite
from .steps.budget import StepBudget
from .steps.comparing import beside_anew
from .steps.forks import reused
from .steps.gathering import Gathering
from .steps.model import ModelPlanner
from .steps.planner import Planner
from .steps.rules import RulePlanner
from .steps.ways import KnownWays
from .writing import Writing

log = logging.getLogger(__name__)

MAX_QUESTION = 8000
"""Characters. Longer texts are documents; they would also crowd the reranker's prompt."""


class Answerer:
    """Answers questions over one scope. Holds no history: the caller does, so that two users never mix."""

    def __init__(
        self,
        retriever: Retriever,
        scope: Searchable,
        *,
        chat: ChatModel | None,
        extractor: Extractor,
        count_tokens: Callable[[Sequence[str]], list[int]],
        detect_language: Callable[[str], str],
        budget: prompts.PromptBudget,
        setup: Setup,
        planner: Planner | None = None,
        steps: StepBudget | None = None,
        shelf: Shelf | None = None,
        ways: KnownWays | None = None,
        now: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.retriever = retriever
        self.scope = scope
        self.chat = chat
        self.extractor = extractor
        self.count_tokens = count_tokens
        self.detect_language = detect_language
        self.budget = budget
        self.setup = setup
        self.planner = planner or RulePlanner()
        self.steps = steps or StepBudget()
        self.shelf = shelf
        self.ways = ways or KnownWays()
        self.now = now
        self.wall_clock = wall_clock

    def ask(self, request: Request, *, cancel: Cancel) -> Iterator[AnswerEvent]:
        """Events of one answer, the last one `Answered`. Raises RagError only for a question that cannot be asked."""
        question = well_formed(request.question).strip()
        if not question:
            raise RagError(reason("stages.empty_question"))
        if len(question) > MAX_QUESTION:
            raise RagError(reason("stages.question_too_long", length=len(question), limit=MAX_QUESTION))
        search_query = well_formed(request.search_query)
        turn = _Turn(self, replace(request, question=question, search_query=search_query), cancel)
        yield from turn.run()


class _Turn:
    """The steps of one answer; what they find out is in the draft."""

    def __init__(self, parts: Answerer, request: Request, cancel: Cancel) -> None:
        self.parts = parts
        self.request = request
        self.cancel = cancel
        self.watch = Stopwatch(parts.now)
        self.draft = Draft(request.id or uuid.uuid4().hex, request, parts.wall_clock())
        self.writing = Writing(
            self.draft, self.watch, cancel, extractor=parts.extractor, budget=parts.budget,
            count_tokens=parts.count_tokens, detect_language=parts.detect_language,
        )  # fmt: skip

    def run(self) -> Iterator[AnswerEvent]:
        draft = self.draft
        try:
            for event in self._steps():
                if isinstance(event, StageEvent):
                    draft.note(event)
                yield event
                if self.cancel:
                    break
        except RagError as e:
            yield from self._fail(e.reason)
        except Exception as e:  # the last line: whatever it is, the question must not be lost
            log.exception("an answer broke down")
            yield from self._fail(reason("stages.broke_down", kind=type(e).__name__))
        if self.cancel:
            draft.end(Outcome.STOPPED, reason("stages.stopped"))
        self._count_tokens()
        yield Answered(draft.ledger(self.parts.setup))

    def _count_tokens(self) -> None:
        embedder = self.parts.setup.models.get("embedder")
        try:
            self.draft.count(self.parts.count_tokens, counter=embedder.name if embedder else "")
        except Exception:  # a number that is missing must not cost the answer
            log.exception("the tokens could not be counted")

    def _fail(self, why: Reason) -> Iterator[StageEvent]:
        """End with `why`; a stage under way failed by it, and those that never began are told as skipped."""
        self.draft.end(Outcome.FAILED, why)
        for search in self.draft.searches:
            watch = self.watch if search.number == 1 else Stopwatch(self.parts.now, search=search.number)
            for stage in Stage if search.number == 1 else SEARCH_STAGES:
                event = self.draft.stages.get((search.number, stage))
                if event and event.state in (StageState.STARTED, StageState.PROGRESS):
                    event = watch.fail(stage, why)
                elif event is None:
                    event = watch.skip(stage, reason("stages.not_reached"))
                else:
                    continue
                self.draft.note(event)
                yield event

    def _steps(self) -> Iterator[AnswerEvent]:
        small = None if self.request.given or self.request.search_query else smalltalk.kind_of(self.request.question)
        if small:
            yield from self._chat_a_little(small)
            return
        yield from self._evidence()
        if not self.draft.searched:
            return
        if self.draft.contexts:
            yield from self._answer()
            return
        yield from self.draft.known()
        if any(step.table for step in self.draft.steps):
            yield from self._count()
        else:
            yield from self._abstain()

    def _chat_a_little(self, kind: smalltalk.Kind) -> Iterator[AnswerEvent]:
        """A greeting is answered without a search."""
        for stage in (Stage.REWRITE, *SEARCH_STAGES, Stage.PROMPT):
            yield self.watch.skip(stage, reason("stages.small_talk"))
        question, chat = self.request.question, self.parts.chat
        yield self.watch.start(Stage.GENERATE)
        failed: Reason | None = None
        if chat is not None:
            self.draft.messages = smalltalk.messages(question)
            failed = yield from self.writing.stream(chat, self.draft.messages)
        if not self.draft.answer and not self.cancel:
            language = SHIPPED.fitting(self.parts.detect_language(question)) or FIRST
            yield Delta(self.draft.say(smalltalk.reply(kind, language)))
        yield self.watch.fail(Stage.GENERATE, failed) if failed else self.watch.finish(Stage.GENERATE)
        yield self.watch.skip(Stage.CITE, reason("stages.small_talk"))
        self.draft.end(Outcome.SMALL_TALK, failed)

    def _evidence(self) -> Iterator[AnswerEvent]:
        given = self.request.given
        if given is not None and given.searched:
            yield from self._chosen_again(given)
            yield from self._on_from(given)
            return
        yield from self._rewrite()
        search = self.draft.searches[0]
        for event in self.parts.retriever.run(search.query, search.options, cancel=self.cancel):
            if isinstance(event, Retrieved):
                self.draft.note(event)
            else:
                yield event
        if search.options.approach is not Approach.DIRECT and not self.cancel:
            yield from self._further(search.options.approach)

    def _further(self, approach: Approach) -> Iterator[AnswerEvent]:
        """The steps after the first search."""
        yield from self._gathering(approach).run(cancel=self.cancel)

    def _on_from(self, given: Ledger) -> Iterator[AnswerEvent]:
        """The steps after those of an earlier answer; none where it had none and none is wanted."""
        fork = self.request.fork or StepFork(())
        if self.cancel or not (self.draft.steps or fork.taken):
            return
        replaced = next((step for step in given.steps if step.number == fork.instead), None)
        gathering = self._gathering(self.draft.searches[0].options.approach)
        yield from gathering.go_on(fork.taken, replaced, cancel=self.cancel)

    def _gathering(self, approach: Approach) -> Gathering:
        parts = self.parts
        return Gathering(
            self.draft, parts.retriever, self._planner(approach), approach=approach, documents=parts.scope.documents,
            shelf=parts.shelf, budget=parts.steps.at(self.draft.searches[0].options.thoroughness), now=parts.now,
        )  # fmt: skip

    def _planner(self, approach: Approach) -> Planner:
        """The model chooses where the reader wants steps and there is a model; else the rules do."""
        chat, rules = self.parts.chat, self.parts.planner
        if chat is None or approach is not Approach.STEPS:
            return rules
        return ModelPlanner(chat, rules, cancel=self.cancel, ways=self.parts.ways)

    def _chosen_again(self, given: Ledger) -> Iterator[AnswerEvent]:
        """Select anew from what the searches of an earlier answer found, those of steps that are not kept left out."""
        searches, steps = reused(given, self.request.fork)
        self.draft.searches = tuple(replace(search, retrieval=None) for search in searches)
        yield self.watch.skip(Stage.REWRITE, reason("stages.reused"))
        watches = [Stopwatch(self.parts.now, search=search.number) for search in made(searches)]
        for watch in watches:
            for stage in SEARCH_STAGES[:-1]:
                yield watch.skip(stage, reason("stages.reused"))
            yield watch.start(Stage.SELECT)
        self.draft.searches = reselected(searches, self.request.options)
        for watch, known in zip(watches, self.draft.known(), strict=True):
            yield watch.selected(known.retrieval)
        self.draft.steps = beside_anew(steps, self.draft.searches)
        self.draft.credit_steps()
        yield from map(StepEvent, self.draft.steps)

    def _answer(self) -> Iterator[AnswerEvent]:
        if self.parts.chat is None:
            yield self.watch.skip(Stage.PROMPT, reason("stages.no_model"))
            yield from self.draft.known()
            yield from self.writing.quote(None)
        else:
            prompt = yield from self.writing.prompt(self.draft.contexts)
            yield from self.draft.known()
            if not prompt.contexts:
                self.draft.messages = ()  # they are not sent
                for stage in (Stage.GENERATE, Stage.CITE):
                    yield self.watch.skip(stage, reason("stages.no_contexts"))
                self.draft.end(Outcome.ABSTAINED, next(iter(prompt.dropped.values())))
                return
            yield from self.writing.generate(self.parts.chat, prompt)
        yield from self._cite()

    def _rewrite(self) -> Iterator[AnswerEvent]:
        if self.request.search_query:
            yield self.watch.skip(Stage.REWRITE, reason("stages.edited_query"))
            return
        yield self.watch.start(Stage.REWRITE)
        rewritten = rewrite(self.request.question, self.request.history, chat=self.parts.chat, cancel=self.cancel)
        spelled = self.parts.retriever.spelled(rewritten.query, self.request.options)
        author = Author(rewritten.author)
        if spelled.corrections and author is Author.USER:
            author = Author.SPELLING
        self.draft.look_for(spelled.query, author)
        unchanged = reason("stages.unchanged_query" if self.request.history else "stages.no_history")
        if rewritten.failed:
            yield self.watch.fail(Stage.REWRITE, rewritten.reason or unchanged)
        elif author is Author.USER:
            yield self.watch.skip(Stage.REWRITE, rewritten.reason or unchanged)
        else:
            yield self.watch.finish(Stage.REWRITE, why=rewritten.reason or spelled.why)

    def _count(self) -> Iterator[AnswerEvent]:
        """A list without documents, or a count without rows, is an answer: nothing was missed."""
        why = reason("stages.no_contexts")
        yield self.watch.skip(Stage.PROMPT, why)
        yield from self.writing.quote(None, why)
        yield from self._cite()

    def _abstain(self) -> Iterator[AnswerEvent]:
        why = why_nothing(self.draft.searches, self.request.options, documents=self.parts.scope.documents)
        for stage in (Stage.PROMPT, Stage.GENERATE, Stage.CITE):
            yield self.watch.skip(stage, reason("stages.no_contexts"))
        self.draft.end(Outcome.ABSTAINED, why)

    def _cite(self) -> Iterator[AnswerEvent]:
        if not self.draft.answer:
            yield self.watch.skip(Stage.CITE, reason("stages.no_contexts"))
            return
        yield self.watch.start(Stage.CITE)
        self.draft.checked = self.draft.checked or self.draft.check()
        found = self.draft.checked.citations
        yield self.watch.finish(Stage.CITE, done=sum(c.valid for c in found), total=len(found))
