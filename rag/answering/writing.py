"""The text of an answer: the model's reply to its contexts, or sentences of theirs where it gives none to rely on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from rag.citations import markers as citations
from rag.errors import GenerationError
from rag.events import Cancel, Delta, Stage
from rag.ledger import AnswerEvent, Author, Outcome
from rag.messages import FIRST, SHIPPED, Language, Reason, label, reason
from rag.protocols import Afresh, ChatModel, Extractor
from rag.retrieval.stages import BREAKDOWNS, Stopwatch, breakdown
from rag.text.sanitizer import safe_markdown
from rag.types import Candidate, Message

from . import prompts
from .draft import Draft, unknown_to
from .echoes import WithoutEcho
from .steps.telling import exact, facts, told

TOO_LONG = "generation.too_long"
"""Reason of a prompt that the model's server does not take for its length."""
MUCH = 1000
"""Tokens; a prompt of fewer is not worth comparing with what the server counted."""
CUT = 2
"""Times our tokens may be those of the server: tokenizers differ, but not by more."""


class Writing:
    """Writes the answer of one turn into its draft, as events."""

    def __init__(
        self,
        draft: Draft,
        watch: Stopwatch,
        cancel: Cancel,
        *,
        extractor: Extractor,
        budget: prompts.PromptBudget,
        count_tokens: prompts.CountTokens,
        detect_language: Callable[[str], str],
    ) -> None:
        self.draft = draft
        self.watch = watch
        self.cancel = cancel
        self.extractor = extractor
        self.budget = budget
        self.count_tokens = count_tokens
        self.detect_language = detect_language

    def prompt(
        self, contexts: Sequence[Candidate], why: Reason | None = None
    ) -> Generator[AnswerEvent, None, prompts.Prompt]:
        """Yields the stage of the prompt, which is remarked on by `why`; returns the prompt over these contexts."""
        yield self.watch.start(Stage.PROMPT)
        prompt = prompts.answer_messages(
            self.draft.request.question,
            contexts,
            self.draft.request.history,
            count_tokens=self.count_tokens,
            budget=self.budget,
            counted=facts(self.draft, self._language()),
            guidance=self.draft.request.options.guidance,
        )
        if self.budget.short and why is None:
            context = self.budget.model_tokens
            why = reason("generation.short_prompt", context=context) if context else reason("generation.brief_prompt")
        self.draft.messages = prompt.messages
        self.draft.drop(prompt.dropped)
        yield self.watch.finish(Stage.PROMPT, done=len(prompt.contexts), total=len(contexts), why=why)
        return prompt

    def generate(self, chat: ChatModel, prompt: prompts.Prompt) -> Iterator[AnswerEvent]:
        """The model's answer; quotes where it gives none, and before one that rests on nothing."""
        yield self.watch.start(Stage.GENERATE)
        failed = yield from self.stream(chat, prompt.messages, prompt.boundary)
        if failed and failed.code == TOO_LONG and not self.draft.answer and len(prompt.contexts) > 1:
            prompt = yield from self._with_fewer(chat, prompt)
            yield self.watch.start(Stage.GENERATE)
            failed = yield from self.stream(chat, prompt.messages, prompt.boundary)
        if failed is not None:
            yield self.watch.fail(Stage.GENERATE, failed)
            if self.draft.answer:
                self.draft.end(Outcome.FAILED, failed)
            else:
                yield from self.quote(failed)
            return
        yield self.watch.finish(Stage.GENERATE, why=self._cut_silently(chat, prompt))
        self.draft.end(Outcome.GENERATED, None)
        self.draft.checked = self.draft.check()
        if not self.cancel and self.draft.checked.unfounded:
            yield from self._put_quotes_first(chat)

    def stream(
        self, chat: ChatModel, messages: Sequence[Message], boundary: str = ""
    ) -> Generator[AnswerEvent, None, Reason | None]:
        """Yields the reply as it comes, without its quotes; returns why it broke off, None when it did not.

        It ends where it goes on with the prompt, whose contexts have this `boundary` between them.
        """
        failed: Reason | None = None
        echo = WithoutEcho(boundary)
        try:
            yield from self._heard(chat, messages, echo, stop=(boundary,) if boundary else ())
        except GenerationError as e:
            failed = e.reason
        if shown := self.draft.hear(echo.flush()) + self.draft.hear_out(whole=failed is None and not self.cancel):
            yield Delta(shown)
        if not self.cancel and self.draft.answer and not citations.says_something(self.draft.answer):
            self.draft.retract()
            yield Delta("", afresh=True)
        if not self.cancel and not self.draft.answer:
            silent = "only_echo" if echo.ended else "said_nothing"
            failed = failed or reason(f"generation.{silent}", model=chat.info.name)
        return failed

    def quote(self, failed: Reason | None, why: Reason | None = None) -> Iterator[AnswerEvent]:
        """The extractive answer. With `failed`, the model's failure stays the verdict on the generate stage; `why` is
        why none was asked where there is one."""
        if failed is None:
            yield self.watch.start(Stage.GENERATE)
        try:
            for piece in self._quoted():
                yield Delta(self.draft.say(piece))
        except BREAKDOWNS as e:
            broken = breakdown(Stage.GENERATE, e)
            yield self.watch.fail(Stage.GENERATE, broken)
            self.draft.end(Outcome.FAILED, broken)
            return
        if failed is None:
            yield self.watch.finish(Stage.GENERATE, why=why or reason("stages.no_model"))
        self.draft.end(Outcome.EXTRACTIVE, failed)

    def _heard(
        self, chat: ChatModel, messages: Sequence[Message], echo: WithoutEcho, *, stop: Sequence[str]
    ) -> Iterator[AnswerEvent]:
        """The reply up to where it repeats the prompt; nothing more is wanted from there on. Raises GenerationError."""
        deltas = chat.stream(messages, cancel=self.cancel, on_usage=self.draft.note_usage, stop=stop)
        try:
            for delta in deltas:
                afresh = isinstance(delta, Afresh)
                if afresh:
                    echo.again()
                shown = self.draft.hear(type(delta)(echo.feed(delta)))
                if shown or afresh:
                    yield Delta(shown, afresh)
                if echo.ended:
                    break
        finally:
            if isinstance(deltas, Generator):
                deltas.close()

    def _with_fewer(self, chat: ChatModel, before: prompts.Prompt) -> Generator[AnswerEvent, None, prompts.Prompt]:
        """Yields the stage of a prompt with the better half of the contexts, and what is evidence then."""
        kept = len(before.contexts) // 2
        why = reason("generation.too_long_left_out", model=chat.info.name)
        self.draft.drop({candidate.stored.id: why for candidate in before.contexts[kept:]})
        remark = reason("generation.fewer_contexts", model=chat.info.name, kept=kept, total=len(before.contexts))
        prompt = yield from self.prompt(before.contexts[:kept], remark)
        yield from self.draft.known()
        return prompt

    def _cut_silently(self, chat: ChatModel, prompt: prompts.Prompt) -> Reason | None:
        """The remark that the server read much less than it was sent; None where it did not, or does not count."""
        if self.draft.usage is None or not self.draft.usage.prompt_tokens:
            return None
        try:
            sent = sum(self.count_tokens([message.content for message in prompt.messages]))
        except BREAKDOWNS:
            return None
        read = self.draft.usage.prompt_tokens
        if sent < MUCH or read * CUT >= sent:
            return None
        return reason("generation.prompt_cut", model=chat.info.name, sent=sent, read=read)

    def _put_quotes_first(self, chat: ChatModel) -> Iterator[AnswerEvent]:
        """Quotes in front of a reply that cites nothing; the reply stays below them, as what it is."""
        reply = citations.without(self.draft.answer).strip()
        try:
            quoted = "".join(self._quoted()).strip()
        except BREAKDOWNS as e:
            breakdown(Stage.GENERATE, e)
            return
        if not quoted:
            return
        below = f"*{label('generation.reply_below', self._language())}*"
        lines = "\n".join(f"> {line}".rstrip() for line in reply.splitlines())
        self.draft.retract()
        self.draft.checked = None
        yield Delta(self.draft.say("\n\n".join([quoted, below, lines])), afresh=True)
        self.draft.end(Outcome.EXTRACTIVE, reason("generation.unfounded", model=chat.info.name))

    def _quoted(self) -> Iterator[str]:
        """The extractive answer; where a question has parts, one answer for each, below its name."""
        counted = [step for step in self.draft.steps if exact(step)]
        if counted:
            yield "\n\n".join(told(step, self.draft, self._language()) for step in counted)
        if any(not step.purpose for step in counted):
            return
        parts = [(part, evidence) for part in self.draft.parts if (evidence := self.draft.evidence_for(part))]
        if len(parts) < 2 and not counted:
            main = self.draft.searches[0]
            question = main.query if main.author is Author.SPELLING else self.draft.request.question
            yield from self.extractor.answer(question, self.draft.contexts, unknown=unknown_to(main))
            return
        for place, (part, evidence) in enumerate(parts):
            yield ("\n\n" if place or counted else "") + f"### {safe_markdown(' '.join(part.purpose.split()))}\n\n"
            asked_in = self.detect_language(self.draft.request.question)
            yield from self.extractor.answer(part.query, evidence, unknown=unknown_to(part), asked_in=asked_in)

    def _language(self) -> Language:
        """The language of the question, as far as there are words in it."""
        return SHIPPED.fitting(self.detect_language(self.draft.request.question)) or FIRST
