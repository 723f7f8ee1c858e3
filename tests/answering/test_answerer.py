"""From question to ledger, event by event: real Milvus Lite, fake models, scripted chat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answering.answerer import MAX_QUESTION, Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.errors import GenerationError, RagError
from rag.events import Cancel, Delta, Judging, Retrieved, Stage, StageEvent, StageState
from rag.evidence.records import read, write
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Match, Outcome, Request, Support
from rag.messages import Reason, label, reason
from rag.models.chat.openai_chat import OpenAIChat
from rag.protocols import Afresh, ChatModel, Extractor
from rag.retrieval.retriever import Policy, Retriever
from rag.store import MilvusStore
from rag.text.language import detect
from rag.types import Candidate, Exchange, Message, RetrievalOptions, Usage, Vectors
from tests.support.fakes import BagEmbedder, OverlapReranker, ScriptedChat
from tests.support.knowledge import open_store
from tests.support.loopback_openai import Good, LoopbackOpenAI, Status, error

OPTIONS = RetrievalOptions(candidates=5, contexts=3, threshold=0.1)
QUESTION = "rotate the certificate online"
NO_KEY = reason("generation.no_key", model="m", address="x")


class FirstContext:
    """Quotes the first context whole."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield contexts[0].stored.chunk.text
        yield " [1]"


class NoQuotes:
    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield from ()
        raise RuntimeError("no")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("store"), BagEmbedder())
    yield opened
    opened.close()


class PieceEmbedder(BagEmbedder):
    """Has long words in pieces of four letters."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [sum(-(-len(word) // 4) for word in text.split()) for text in texts]


def conversation(
    store: MilvusStore,
    chat: ChatModel | None = None,
    *,
    embedder: BagEmbedder | None = None,
    extractor: Extractor | None = None,
    budget: PromptBudget | None = None,
) -> Answerer:
    embedder, reranker = embedder or BagEmbedder(), OverlapReranker()
    models = {"embedder": embedder.info, "reranker": reranker.info}
    retriever = Retriever(embedder, reranker, store, detect_language=lambda _: "en", policy=Policy())
    clock = itertools.count()
    return Answerer(
        retriever,
        store,
        chat=chat,
        extractor=extractor or FirstContext(),
        count_tokens=embedder.count_tokens,
        detect_language=detect,
        budget=budget or PromptBudget(),
        setup=Setup("offline", models),
        now=lambda: float(next(clock)),
        wall_clock=lambda: 1000.0,
    )


def ask(
    talk: Answerer,
    question: str = QUESTION,
    *,
    history: Sequence[Exchange] = (),
    options: RetrievalOptions = OPTIONS,
) -> tuple[list[AnswerEvent], Ledger]:
    events = list(talk.ask(Request(question, tuple(history), options), cancel=Cancel()))
    assert isinstance(events[-1], Answered)
    return events, events[-1].ledger


def stage(ledger: Ledger, name: Stage) -> tuple[StageState, Reason | None]:
    (event,) = [e for e in ledger.stages if e.stage is name]
    return event.state, event.reason


def test_a_generated_answer_from_question_to_ledger(store: MilvusStore) -> None:
    chat = ScriptedChat(["Send SIGHUP", " [1", "]."])
    events, ledger = ask(conversation(store, chat))
    assert ledger.answer == "Send SIGHUP [1]."
    assert (ledger.outcome, ledger.reason) == (Outcome.GENERATED, None)
    assert [(c.number, c.valid) for c in ledger.citations] == [(1, True)]
    assert [e.text for e in events if isinstance(e, Delta)] == ["Send SIGHUP", " ", "[1]."]
    assert chat.sent == [ledger.messages]
    assert ledger.main.retrieval and ledger.main.retrieval.contexts[0].stored.document == "tls.md"
    assert ledger.main.retrieval.contexts[0].stored.chunk.text in ledger.messages[-1].content
    assert [e.stage for e in ledger.stages] == list(Stage)
    assert ledger.started_at == 1000.0


def test_the_evidence_comes_before_the_first_word(store: MilvusStore) -> None:
    events, _ = ask(conversation(store, ScriptedChat(["Yes."])))
    kinds = [type(e) for e in events]
    assert kinds.index(Retrieved) < kinds.index(Delta)


def test_without_a_model_the_answer_quotes_and_says_so(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store))
    assert ledger.outcome is Outcome.EXTRACTIVE and ledger.reason is None
    assert ledger.answer.endswith(" [1]") and ledger.messages == ()
    assert stage(ledger, Stage.PROMPT) == (StageState.SKIPPED, reason("stages.no_model"))
    assert stage(ledger, Stage.GENERATE) == (StageState.FINISHED, reason("stages.no_model"))


def test_nothing_relevant_enough_calls_no_model(store: MilvusStore) -> None:
    chat = ScriptedChat(["never"])
    _, ledger = ask(conversation(store, chat), "quarterly revenue of the moon")
    assert ledger.outcome is Outcome.ABSTAINED and chat.sent == []
    assert ledger.reason and ledger.reason.code == "stages.abstained_unknown"
    assert ledger.main.retrieval and ledger.main.retrieval.candidates, "near misses stay visible"
    assert stage(ledger, Stage.GENERATE) == (StageState.SKIPPED, reason("stages.no_contexts"))


def test_an_empty_collection_says_that_documents_are_missing(tmp_path: Path) -> None:
    empty = open_store(tmp_path, BagEmbedder(), {})
    _, ledger = ask(conversation(empty))
    empty.close()
    assert (ledger.outcome, ledger.reason) == (Outcome.ABSTAINED, reason("stages.no_documents"))


def test_a_model_that_fails_at_once_leaves_quotes_and_the_reason(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(GenerationError(NO_KEY))))
    assert (ledger.outcome, ledger.reason) == (Outcome.EXTRACTIVE, NO_KEY)
    assert stage(ledger, Stage.GENERATE) == (StageState.FAILED, NO_KEY)
    assert ledger.answer.endswith(" [1]")


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param([], id="nothing"),
        pytest.param([" ", "\n\n"], id="blanks"),
        pytest.param(["[1]", " [2]."], id="markers alone"),
        pytest.param(['[1 "Send SIGHUP to the process"]'], id="a quote alone"),
        pytest.param(["\u200b\u00a0\u2800"], id="nothing to be seen"),
        pytest.param(["Let me think [2].", Afresh(""), Afresh("\n")], id="thinking alone"),
    ],
)
def test_a_reply_that_says_nothing_is_no_answer(store: MilvusStore, deltas: list[str]) -> None:
    events, ledger = ask(conversation(store, ScriptedChat(deltas)))
    silent = reason("generation.said_nothing", model="scripted")
    assert (ledger.outcome, ledger.reason) == (Outcome.EXTRACTIVE, silent)
    assert stage(ledger, Stage.GENERATE) == (StageState.FAILED, silent)
    assert ledger.answer.endswith(" [1]")
    assert shown(events) == ledger.answer


def shown(events: Sequence[object]) -> str:
    """What stands on the page in the end."""
    text = ""
    for event in events:
        if isinstance(event, Delta):
            text = event.text if event.afresh else text + event.text
    return text


def test_thinking_that_only_ends_takes_back_what_was_shown_of_it(store: MilvusStore) -> None:
    deltas = ["The user asks, [2] says so", Afresh("Send SIGHUP"), " [1]."]
    events, ledger = ask(conversation(store, ScriptedChat(deltas)))
    assert (ledger.outcome, ledger.answer, shown(events)) == (Outcome.GENERATED, "Send SIGHUP [1].", ledger.answer)
    assert [c.number for c in ledger.citations] == [1]
    assert ledger.raw == "Send SIGHUP [1]."


def test_an_answer_ends_where_the_prompt_is_repeated(store: MilvusStore) -> None:
    class Echoing(ScriptedChat):
        stopped_at: Sequence[str] = ()
        went_on = False

        def stream(self, messages: Sequence[Message], *, stop: Sequence[str] = (), **_: object) -> Iterator[str]:
            self.stopped_at = stop
            yield f"Send SIGHUP [1].\n{stop[0]} context 2"
            self.went_on = True
            yield "\ndocument: made-up.md"

    chat = Echoing()
    _, ledger = ask(conversation(store, chat))
    assert (ledger.answer, ledger.outcome) == ("Send SIGHUP [1].", Outcome.GENERATED)
    assert [f"{mark} context 1" in ledger.messages[-1].content for mark in chat.stopped_at] == [True]
    assert not chat.went_on


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("Restart the machine. It is faster than it was before.", id="nothing"),
        pytest.param("Restart the machine [7]. It is faster [9].", id="what was not sent"),
        pytest.param('Restart the machine [8 "restart it"].', id="a quote of what was not sent"),
    ],
)
def test_before_a_reply_that_rests_on_nothing_stands_what_was_found(store: MilvusStore, reply: str) -> None:
    events, ledger = ask(conversation(store, ScriptedChat([reply])))
    assert (ledger.outcome, ledger.reason) == (Outcome.EXTRACTIVE, reason("generation.unfounded", model="scripted"))
    quoted, said, below = ledger.answer.split("\n\n")
    assert quoted.endswith(" [1]") and said == f"*{label('generation.reply_below', 'en')}*"
    assert below.startswith("> Restart the machine") and "[" not in below
    assert ledger.raw == reply
    shown = ""
    for event in events:
        if isinstance(event, Delta):
            shown = event.text if event.afresh else shown + event.text
    assert shown == ledger.answer
    assert ledger.claims[0].support is Support.QUOTED
    assert ledger.claims[-1].support is Support.NONE


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("The documents do not say how long it takes.", id="nothing is there"),
        pytest.param("Send SIGHUP to the process [1]. And wait.", id="something is cited"),
    ],
)
def test_a_reply_that_owes_no_source_stands_alone(store: MilvusStore, reply: str) -> None:
    _, ledger = ask(conversation(store, ScriptedChat([reply])))
    assert (ledger.answer, ledger.outcome) == (reply, Outcome.GENERATED)


def test_where_nothing_can_be_quoted_a_reply_without_sources_stays(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["Restart the machine."]), extractor=NoQuotes()))
    assert (ledger.answer, ledger.outcome) == ("Restart the machine.", Outcome.GENERATED)


TOO_LONG = reason("generation.too_long", model="scripted")


def test_a_prompt_that_is_too_long_is_sent_once_more_with_fewer_contexts(store: MilvusStore) -> None:
    chat = ScriptedChat(GenerationError(TOO_LONG), ["Send SIGHUP [1]."])
    events, ledger = ask(conversation(store, chat), options=replace(OPTIONS, threshold=0.0))
    first, second = chat.sent
    assert (ledger.answer, ledger.outcome, ledger.messages) == ("Send SIGHUP [1].", Outcome.GENERATED, second)
    assert len(ledger.contexts) < first[-1].content.count(" context ") and len(second[-1].content) < len(
        first[-1].content
    )
    dropped = [c.dropped.code for c in ledger.main.candidates if c.dropped]
    assert "generation.too_long_left_out" in dropped
    assert [c.number for c in ledger.contexts] == list(range(1, len(ledger.contexts) + 1))
    state, why = stage(ledger, Stage.PROMPT)
    assert why and (state, why.code) == (StageState.FINISHED, "generation.fewer_contexts")
    assert stage(ledger, Stage.GENERATE) == (StageState.FINISHED, None)
    evidence = [e.retrieval for e in events if isinstance(e, Retrieved)][-1]
    assert len(evidence.contexts) == len(ledger.contexts)


def test_a_prompt_that_stays_too_long_is_given_up(store: MilvusStore) -> None:
    chat = ScriptedChat(GenerationError(TOO_LONG), GenerationError(TOO_LONG))
    _, ledger = ask(conversation(store, chat), options=replace(OPTIONS, threshold=0.0))
    assert (ledger.outcome, ledger.reason, len(chat.sent)) == (Outcome.EXTRACTIVE, TOO_LONG, 2)


@pytest.mark.parametrize(("read", "told"), [(20, True), (4000, False), (0, False)])
def test_a_server_that_cuts_the_prompt_silently_is_told(tmp_path: Path, read: int, told: bool) -> None:
    long = open_store(tmp_path, BagEmbedder(), {"tls.md": f"Rotate the certificate online {'slowly ' * 900}"})
    chat = ScriptedChat(["Slowly [1]."], usage=Usage(read, 3))
    _, ledger = ask(conversation(long, chat), options=replace(OPTIONS, threshold=0.0))
    long.close()
    why = stage(ledger, Stage.GENERATE)[1]
    assert (why.code if why else "") == ("generation.prompt_cut" if told else "")


def test_the_prompt_alone_is_no_answer(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["context 3\ndocument: made-up.md\n\nSend SIGHUP."])))
    assert (ledger.outcome, ledger.reason) == (Outcome.EXTRACTIVE, reason("generation.only_echo", model="scripted"))


def test_a_question_that_cannot_be_written_down_is_asked_with_a_mark_in_its_place(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["Yes [1]."])), QUESTION + "\ud800")
    assert ledger.question == QUESTION + "\ufffd"
    assert read(write(ledger)) == ledger


def test_a_cut_answer_keeps_what_came(store: MilvusStore) -> None:
    class Cut(ScriptedChat):
        def stream(self, messages: Sequence[object], **_: object) -> Iterator[str]:
            yield "Half an answer [1]"
            raise GenerationError(NO_KEY)

    _, ledger = ask(conversation(store, Cut()))
    assert (ledger.outcome, ledger.reason, ledger.answer) == (Outcome.FAILED, NO_KEY, "Half an answer [1]")
    assert [(c.number, c.valid) for c in ledger.citations] == [(1, True)]


def test_quoting_that_breaks_down_is_a_failure_not_a_crash(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, extractor=NoQuotes()))
    assert (ledger.outcome, ledger.reason) == (Outcome.FAILED, reason("stages.broke_down", kind="RuntimeError"))


def test_unknown_citation_numbers_are_kept_as_invalid(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["True [1], false [9]."])))
    assert [(c.number, c.valid) for c in ledger.citations] == [(1, True), (9, False)]


def test_contexts_over_the_budget_are_dropped_with_the_reason(store: MilvusStore) -> None:
    talk = conversation(store, ScriptedChat(["Yes."]), budget=PromptBudget(context_tokens=30))
    _, ledger = ask(talk, options=replace(OPTIONS, threshold=0.0))
    assert ledger.main.retrieval and len(ledger.main.retrieval.contexts) == 1
    assert "generation.over_budget" in {c.dropped.code for c in ledger.main.retrieval.candidates if c.dropped}
    assert ledger.main.retrieval.candidates[1].stored.chunk.text not in ledger.messages[-1].content


def test_a_budget_no_context_fits_into_calls_no_model(store: MilvusStore) -> None:
    chat = ScriptedChat(["never"])
    _, ledger = ask(conversation(store, chat, budget=PromptBudget(context_tokens=1)))
    assert ledger.outcome is Outcome.ABSTAINED and chat.sent == []
    assert ledger.reason and ledger.reason.code == "generation.over_budget"
    assert (
        stage(ledger, Stage.GENERATE) == stage(ledger, Stage.CITE) == (StageState.SKIPPED, reason("stages.no_contexts"))
    )
    assert ledger.messages == ()


def test_a_follow_up_is_searched_as_a_question_of_its_own(store: MilvusStore) -> None:
    chat = ScriptedChat(["restore a backup"], ["With the restore command [1]."])
    history = [Exchange("What is a backup?", "It is taken every night [1].")]
    _, ledger = ask(conversation(store, chat), "And how do I restore it?", history=history)
    assert (ledger.question, ledger.main.query) == ("And how do I restore it?", "restore a backup")
    assert ledger.main.retrieval and ledger.main.retrieval.contexts[0].stored.document == "backup.md"
    assert stage(ledger, Stage.REWRITE)[0] is StageState.FINISHED
    assert next(m.content for m in ledger.messages if m.role == "user") == "What is a backup?"
    assert "And how do I restore it?" in ledger.messages[-1].content


def test_the_first_question_is_not_rewritten(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store))
    assert stage(ledger, Stage.REWRITE) == (StageState.SKIPPED, reason("stages.no_history"))
    assert ledger.main.query == QUESTION


@pytest.mark.parametrize(
    ("question", "why"),
    [
        pytest.param(" \n\t ", reason("stages.empty_question"), id="empty"),
        pytest.param(
            "x" * (MAX_QUESTION + 1),
            reason("stages.question_too_long", length=MAX_QUESTION + 1, limit=MAX_QUESTION),
            id="too long",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(store: MilvusStore, question: str, why: Reason) -> None:
    with pytest.raises(RagError) as caught:
        ask(conversation(store), question)
    assert caught.value.reason == why


@pytest.mark.parametrize("at", [Stage.EMBED, Stage.RERANK, Stage.PROMPT, Stage.GENERATE])
def test_stop_at_any_stage_ends_in_a_ledger(store: MilvusStore, at: Stage) -> None:
    cancel, events = Cancel(), []
    talk = conversation(store, ScriptedChat(["one ", "two ", "three"]))
    for event in talk.ask(Request(QUESTION, options=OPTIONS), cancel=cancel):
        events.append(event)
        if isinstance(event, StageEvent) and event.stage is at:
            cancel.cancel()
    assert isinstance(events[-1], Answered)
    ledger = events[-1].ledger
    assert (ledger.outcome, ledger.reason) == (Outcome.STOPPED, reason("stages.stopped"))
    assert "three" not in ledger.answer
    assert {e.stage for e in ledger.stages} <= set(list(Stage)[: list(Stage).index(at) + 1])


def test_stop_while_streaming_keeps_what_came(store: MilvusStore) -> None:
    cancel, events = Cancel(), []
    talk = conversation(store, ScriptedChat(["one [1] ", "two ", "three"]))
    for event in talk.ask(Request(QUESTION, options=OPTIONS), cancel=cancel):
        events.append(event)
        if isinstance(event, Delta):
            cancel.cancel()
    assert isinstance(events[-1], Answered)
    assert events[-1].ledger.answer == "one [1] "
    assert [c.number for c in events[-1].ledger.citations] == [1]


def test_two_conversations_at_once_do_not_mix(store: MilvusStore) -> None:
    talk = conversation(store)
    one = talk.ask(Request(QUESTION, options=OPTIONS), cancel=Cancel())
    two = talk.ask(Request("restore the backup command", options=OPTIONS), cancel=Cancel())
    pairs = list(itertools.zip_longest(one, two))
    first, second = ([e for e in side if e] for side in zip(*pairs, strict=True))
    assert isinstance(first[-1], Answered) and isinstance(second[-1], Answered)
    assert "SIGHUP" in first[-1].ledger.answer and "SIGHUP" not in second[-1].ledger.answer


def test_a_rewrite_that_fails_is_told_and_the_rule_stands_in(store: MilvusStore) -> None:
    chat = ScriptedChat(GenerationError(NO_KEY), ["Yes [1]."])
    history = [Exchange("How is a backup restored?", "With the restore command [1].")]
    _, ledger = ask(conversation(store, chat), "And how often is it taken?", history=history)
    state, why = stage(ledger, Stage.REWRITE)
    assert (state, why) == (StageState.FAILED, reason("generation.rewrite_failed", why=NO_KEY))
    assert ledger.main.query.startswith("How is a backup restored?")
    assert ledger.outcome is Outcome.GENERATED


def test_whatever_goes_wrong_ends_in_a_ledger_that_names_every_stage(store: MilvusStore) -> None:
    class Wrong(BagEmbedder):
        def embed_query(self, query: str, *, instruction: str) -> Vectors:
            raise KeyError("unforeseen")

    talk = conversation(store)
    talk.retriever = Retriever(Wrong(), OverlapReranker(), store, detect_language=lambda _: "en", policy=Policy())
    _, ledger = ask(talk)
    assert (ledger.outcome, ledger.reason) == (Outcome.FAILED, reason("stages.broke_down", kind="KeyError"))
    assert [e.stage for e in ledger.stages] == list(Stage)
    assert stage(ledger, Stage.EMBED)[0] is StageState.FAILED
    assert stage(ledger, Stage.RERANK) == (StageState.SKIPPED, reason("stages.not_reached"))


def test_evidence_is_shown_while_it_is_judged(store: MilvusStore) -> None:
    events, ledger = ask(conversation(store))
    judging = [e for e in events if isinstance(e, Judging)]
    assert ledger.main.retrieval is not None
    assert [e.done for e in judging] == list(range(len(judging[-1].candidates) + 1))
    best = [c.stored.id for c in ledger.main.retrieval.candidates][: len(judging[-1].candidates)]
    assert [c.stored.id for c in judging[-1].candidates] == best


@pytest.mark.parametrize(("question", "begins"), [("Hello there!", "Hello"), ("谢谢", "不客气")])
def test_small_talk_is_answered_without_a_search(store: MilvusStore, question: str, begins: str) -> None:
    _, ledger = ask(conversation(store), question)
    assert (ledger.outcome, ledger.main.retrieval) == (Outcome.SMALL_TALK, None)
    assert ledger.answer.startswith(begins)
    assert [e.stage for e in ledger.stages] == list(Stage)
    assert stage(ledger, Stage.DENSE) == (StageState.SKIPPED, reason("stages.small_talk"))


def test_small_talk_with_a_model_sends_it_no_contexts(store: MilvusStore) -> None:
    chat = ScriptedChat(["Hi! ", "Ask away."])
    _, ledger = ask(conversation(store, chat), "hi")
    assert (ledger.answer, ledger.outcome) == ("Hi! Ask away.", Outcome.SMALL_TALK)
    assert "context" not in chat.sent[0][-1].content


def test_small_talk_is_answered_though_the_model_does_not(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(GenerationError(NO_KEY))), "thanks!")
    assert (ledger.outcome, ledger.reason) == (Outcome.SMALL_TALK, NO_KEY)
    assert ledger.answer.startswith("You are welcome")
    assert stage(ledger, Stage.GENERATE) == (StageState.FAILED, NO_KEY)


def test_an_edited_search_query_is_searched_as_it_is(store: MilvusStore) -> None:
    chat = ScriptedChat(["Yes [1]."])
    history = (Exchange("How is a backup restored?", "With the restore command [1]."),)
    request = Request("And how often?", history, OPTIONS, search_query="backup schedule")
    *_, last = conversation(store, chat).ask(request, cancel=Cancel())
    assert isinstance(last, Answered)
    assert (last.ledger.main.query, last.ledger.main.author) == ("backup schedule", Author.EDITED)
    assert len(chat.sent) == 1, "no model was asked to reword it"


def test_answering_again_from_given_candidates_searches_nothing(store: MilvusStore) -> None:
    _, first = ask(conversation(store))
    assert first.main.retrieval is not None
    best = first.main.retrieval.contexts[0].stored.id
    request = Request(QUESTION, options=replace(OPTIONS, banned=(best,), threshold=0.0), given=first)
    *_, last = conversation(store).ask(request, cancel=Cancel())
    assert isinstance(last, Answered) and last.ledger.main.retrieval is not None
    assert best not in [c.stored.id for c in last.ledger.main.retrieval.contexts]
    assert stage(last.ledger, Stage.DENSE) == (StageState.SKIPPED, reason("stages.reused"))
    assert stage(last.ledger, Stage.SELECT)[0] is StageState.FINISHED


def test_every_answer_has_an_id_of_its_own(store: MilvusStore) -> None:
    assert ask(conversation(store))[1].id != ask(conversation(store))[1].id


VERSIONS = {
    "tls-v1.md": "Rotate the certificate online every 30 days.",
    "tls-v2.md": "Rotate the certificate online every 90 days.",
    "tls-v2-copy.md": "Rotate the certificate online every 90 days.",
}


def test_versions_that_disagree_are_told_before_the_answer_and_a_repetition_costs_no_context(tmp_path: Path) -> None:
    store = open_store(tmp_path, BagEmbedder(), VERSIONS)
    _, ledger = ask(conversation(store, ScriptedChat(["Yes."])))
    store.close()
    assert ledger.main.retrieval
    assert len(ledger.main.retrieval.contexts) == 2
    (twin,) = [c for c in ledger.main.retrieval.candidates if c.similar_to]
    assert twin.dropped and twin.dropped.code == "duplicates.repeats"
    (conflict,) = ledger.main.retrieval.conflicts
    assert stage(ledger, Stage.SELECT) == (StageState.FINISHED, reason("duplicates.flagged", why=conflict.why))


def test_a_version_that_does_not_fit_into_the_prompt_is_in_no_conflict(tmp_path: Path) -> None:
    store = open_store(tmp_path, BagEmbedder(), VERSIONS)
    _, ledger = ask(conversation(store, ScriptedChat(["Yes."]), budget=PromptBudget(context_tokens=25)))
    store.close()
    assert ledger.main.retrieval
    assert len(ledger.main.retrieval.contexts) == 1
    assert ledger.main.retrieval.conflicts == ()


# ---- quotes and tokens -----------------------------------------------------------------------------------------------

QUOTING = ["Rotate it [1", ' "Rotate the', ' certificate online"', "]. Then wait [1 ", '"until morning"].']


def test_quotes_are_checked_and_never_shown(store: MilvusStore) -> None:
    events, ledger = ask(conversation(store, ScriptedChat(QUOTING)))
    assert "".join(e.text for e in events if isinstance(e, Delta)) == ledger.answer == "Rotate it [1]. Then wait [1]."
    assert ledger.raw == "".join(QUOTING)
    assert [(q.text, q.match) for q in ledger.quotes] == [
        ("Rotate the certificate online", Match.EXACT),
        ("until morning", Match.MISSING),
    ]
    assert [c.support for c in ledger.claims] == [Support.QUOTED, Support.NOT_FOUND]
    assert ledger.main.retrieval
    text = ledger.main.retrieval.contexts[0].stored.chunk.text
    assert text[ledger.quotes[0].start : ledger.quotes[0].end] == "Rotate the certificate online"


def test_a_model_that_gives_no_quotes_loses_nothing(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["Rotate it [1]. ", "It is quick."])))
    assert (ledger.answer, ledger.raw) == ("Rotate it [1]. It is quick.",) * 2
    assert [c.support for c in ledger.claims] == [Support.CITED, Support.NONE]


def test_extracted_sentences_are_checked_like_any_other(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store))
    assert {c.support for c in ledger.claims} == {Support.QUOTED} and ledger.quotes
    assert ledger.raw == ""


def test_of_an_answer_stopped_in_a_quote_no_half_of_it_is_kept(store: MilvusStore) -> None:
    cancel = Cancel()
    seen: list[str] = []
    ledger = None
    for event in conversation(store, ScriptedChat(['Rotate it [1 "Rot', "ate "])).ask(
        Request(QUESTION, options=OPTIONS), cancel=cancel
    ):
        if isinstance(event, Delta):
            seen.append(event.text)
            cancel.cancel()
        if isinstance(event, Answered):
            ledger = event.ledger
    assert ledger and (ledger.outcome, seen, ledger.answer) == (Outcome.STOPPED, ["Rotate it "], "Rotate it [1]")


def test_a_connection_that_breaks_in_a_quote_leaves_the_citation(store: MilvusStore) -> None:
    class Cut(ScriptedChat):
        def stream(self, messages: Sequence[object], **_: object) -> Iterator[str]:
            yield 'Rotate it [1 "Rot'
            raise GenerationError(NO_KEY)

    events, ledger = ask(conversation(store, Cut()))
    assert (ledger.outcome, ledger.answer) == (Outcome.FAILED, "Rotate it [1]")
    assert [e.text for e in events if isinstance(e, Delta)] == ["Rotate it ", "[1]"]


def test_small_talk_claims_nothing(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["Hello! I answer questions."])), "hello")
    assert (ledger.outcome, ledger.claims, ledger.quotes) == (Outcome.SMALL_TALK, (), ())


def test_tokens_as_the_provider_counts_them(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store, ScriptedChat(["Yes [1]."], usage=Usage(321, 7))))
    assert (ledger.tokens.prompt, ledger.tokens.answer, ledger.tokens.counted_by) == (321, 7, "provider")
    assert ledger.tokens.contexts > 0


@pytest.mark.parametrize("usage", [None, Usage(0, 0)], ids=["no word of it", "nothing counted"])
def test_tokens_are_estimated_where_the_provider_does_not_count(store: MilvusStore, usage: Usage | None) -> None:
    _, ledger = ask(
        conversation(store, ScriptedChat(["Rotate ", 'it [1 "Rotate the certificate online"].'], usage=usage))
    )
    count = BagEmbedder().count_tokens
    assert ledger.tokens.prompt == sum(count([m.content for m in ledger.messages]))
    assert ledger.tokens.answer == sum(count([ledger.raw]))
    assert ledger.tokens.counted_by == "bag-of-words"


def test_an_answer_without_a_model_took_no_tokens(store: MilvusStore) -> None:
    _, ledger = ask(conversation(store))
    assert (ledger.tokens.prompt, ledger.tokens.answer, ledger.tokens.counted_by) == (0, 0, "")


@pytest.mark.parametrize(
    ("usage", "counted_by"), [((55, 9), "provider"), (None, "bag-of-words")], ids=["counts", "does not count"]
)
def test_over_a_real_connection(store: MilvusStore, usage: tuple[int, int] | None, counted_by: str) -> None:
    """The same through HTTP, deltas cut in the middle of a quote."""
    with LoopbackOpenAI(lambda _: Good(QUOTING, usage=usage)) as server:
        talk = conversation(store, OpenAIChat("m", "k", server.url))
        events, ledger = ask(talk)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "Rotate it [1]. Then wait [1]."
    assert [q.match for q in ledger.quotes] == [Match.EXACT, Match.MISSING]
    assert ledger.tokens.counted_by == counted_by
    assert usage is None or (ledger.tokens.prompt, ledger.tokens.answer) == usage


def test_a_server_that_refuses_to_count_still_answers(store: MilvusStore) -> None:
    with LoopbackOpenAI(lambda _: Good(["Rotate it [1]."])) as server:
        server.script(Status(400, error("Unknown parameter: stream_options", param="stream_options")))
        _, ledger = ask(conversation(store, OpenAIChat("m", "k", server.url)))
    assert (ledger.answer, ledger.tokens.counted_by) == ("Rotate it [1].", "bag-of-words")
    assert ["stream_options" in r.body for r in server.requests] == [True, False]


class Asked:
    """An extractor that keeps what it was asked."""

    def __init__(self) -> None:
        self.question = ""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        self.question = question
        yield f"{contexts[0].stored.chunk.text} [1]"


def test_a_slip_of_the_pen_is_corrected_searched_and_told(store: MilvusStore) -> None:
    asked = Asked()
    talk = conversation(store, embedder=PieceEmbedder(), extractor=asked)
    _, ledger = ask(talk, "rotate the certifcate online")
    assert (ledger.question, ledger.main.query) == ("rotate the certifcate online", "rotate the certificate online")
    assert ledger.main.author is Author.SPELLING and asked.question == ledger.main.query
    told = reason("stages.spelled", typed="certifcate", meant="certificate")
    assert stage(ledger, Stage.REWRITE) == (StageState.FINISHED, told)
    *_, last = talk.ask(Request(ledger.question, search_query=ledger.question, options=OPTIONS), cancel=Cancel())
    assert isinstance(last, Answered) and last.ledger.main.query == ledger.question


def test_a_follow_up_is_corrected_where_it_stands(store: MilvusStore) -> None:
    talk = conversation(store, embedder=PieceEmbedder())
    _, ledger = ask(talk, "And the certifcate?", history=[Exchange("What can be rotated?", "Much.")])
    assert ledger.main.author is Author.RULE and ledger.main.query.endswith("And the certificate?")


def test_what_is_asked_of_answers_reaches_the_model_and_the_record(store: MilvusStore) -> None:
    chat = ScriptedChat(["Send SIGHUP [1]."])
    _, ledger = ask(conversation(store, chat), options=replace(OPTIONS, guidance="Be formal."))
    assert chat.sent[0][0].content.endswith("Be formal.") and ledger.messages == chat.sent[0]
    assert read(write(ledger)).options.guidance == "Be formal."


def test_short_rules_are_told(store: MilvusStore) -> None:
    small = PromptBudget().within(2048, answer=600)
    _, ledger = ask(conversation(store, ScriptedChat(["Send SIGHUP [1]."]), budget=small))
    assert stage(ledger, Stage.PROMPT) == (StageState.FINISHED, reason("generation.short_prompt", context=2048))
    weak = PromptBudget(brief=True)
    _, told = ask(conversation(store, ScriptedChat(["Send SIGHUP [1]."]), budget=weak))
    assert stage(told, Stage.PROMPT) == (StageState.FINISHED, reason("generation.brief_prompt"))
    assert len(told.messages[0].content) == len(ledger.messages[0].content)
