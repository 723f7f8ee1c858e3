"""An answer with two searches, made by the product's own parts, read on every front."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup

from rag.answering.answerer import Answerer
from rag.answering.draft import Draft, Setup, begun
from rag.answering.prompts import PromptBudget, answer_messages
from rag.cli import ask as asking
from rag.cli import report
from rag.database import Database
from rag.evaluation.evaluate import best_probability, ranked_documents
from rag.events import Cancel, Retrieved, Stage, StageEvent, StageState
from rag.evidence.bundle import as_json, bundle_of, in_page, opened
from rag.evidence.conversation_store import ConversationStore
from rag.evidence.document_view import Heat, reading
from rag.evidence.export import answer_markdown, export_markdown
from rag.evidence.kept import KeptAnswer
from rag.evidence.marks import Marks, Relevance, mark_of, marked_in
from rag.evidence.records import read, write
from rag.evidence.verify import Verdict, examine
from rag.evidence.whynot import Obstacle
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Outcome, Request, Search
from rag.messages import LANGUAGES, Language, reason
from rag.retrieval.merging import KEPT_ELSEWHERE, reselected, without
from rag.retrieval.retriever import Policy, Retriever
from rag.types import RetrievalOptions
from rag.ui.html.answer import refusal, stages, transcript
from rag.ui.html.evidence import bundle as bundle_page
from rag.ui.html.evidence import compare, evidence, flow, record, whatif
from rag.ui.html.evidence import whynot as whynot_page
from rag.ui.html.evidence.marking import Marked
from rag.ui.state.options import what_if
from rag.ui.state.turn import Turn
from tests.support.browsed import Page
from tests.support.fakes import BagEmbedder, OverlapReranker

from .test_whynot import BASE, Desk, shared

__all__ = ["shared"]
QUESTION = "Rotate the certificate, and which backup command restores it?"
FIRST, SECOND = "rotate the certificate", "restore command of the certificate backup"
PURPOSE = "which <b>command</b> restores"
OPTIONS = RetrievalOptions(candidates=4, contexts=3, threshold=0.1)
ANSWER = "Send SIGHUP [1]. Use the restore command [3]."


class Asked:
    """The two-search answer as events and as a ledger."""

    def __init__(self, desk: Desk, options: RetrievalOptions = OPTIONS) -> None:
        request = Request(QUESTION, options=options)
        self.retriever = Retriever(
            desk.embedder, desk.reranker, desk.scope(options), detect_language=lambda text: "en", policy=Policy()
        )
        self.draft = draft = Draft("a" * 32, request, 0.0)
        draft.searches = (
            replace(begun(request), query=FIRST, author=Author.RULE),
            Search(2, SECOND, Author.MODEL, options, purpose=PURPOSE, parent=1),
        )
        self.events: list[AnswerEvent] = [StageEvent(Stage.REWRITE, StageState.SKIPPED, reason("stages.no_history"))]
        for search in draft.searches:
            self.events += self.retriever.run(search.query, options, cancel=Cancel(), search=search.number)
        for event in self.events:
            if isinstance(event, StageEvent | Retrieved):
                draft.note(event)
        draft.searches = reselected(draft.searches, options)
        self.events += [Retrieved(one.retrieval, one.number) for one in draft.searches if one.retrieval]
        prompt = answer_messages(
            QUESTION, draft.contexts, (), count_tokens=desk.embedder.count_tokens, budget=PromptBudget()
        )
        draft.messages = prompt.messages
        draft.say(ANSWER)
        draft.end(Outcome.GENERATED, None)
        done = StageEvent(Stage.GENERATE, StageState.FINISHED, None, 5.0)
        draft.note(done)
        models = {"embedder": desk.embedder.info, "reranker": desk.reranker.info}
        self.ledger = draft.ledger(Setup("offline", models, collections={BASE: "Main"}))
        self.events += [done, Answered(self.ledger)]

    def turn(self) -> Turn:
        turn = Turn(1, QUESTION, OPTIONS)
        for event in self.events:
            turn = turn.after(event)
        return turn


@pytest.fixture(scope="module")
def asked(shared: Desk) -> Asked:
    return Asked(shared)


@pytest.fixture
def ledger(asked: Asked) -> Ledger:
    return asked.ledger


# ---- the record -----------------------------------------------------------------------------------------------------


def test_contexts_are_numbered_over_all_searches_and_each_passage_is_one_once(ledger: Ledger) -> None:
    assert [c.number for c in ledger.contexts] == [1, 2, 3]
    assert len({c.stored.id for c in ledger.contexts}) == 3
    assert [len(search.contexts) for search in ledger.searches] == [2, 1]
    twice = [c for c in ledger.searches[1].candidates if c.dropped and c.dropped.code == KEPT_ELSEWHERE]
    assert twice and all(c.dropped == reason(KEPT_ELSEWHERE, search=1) for c in twice)
    assert {c.stored.id for c in twice} <= {c.stored.id for c in ledger.main.contexts}


def test_stages_belong_to_their_search_or_to_the_answer(ledger: Ledger) -> None:
    assert [e.stage for e in ledger.answer_stages] == [Stage.REWRITE, Stage.GENERATE]
    for search in ledger.searches:
        assert {e.search for e in search.stages} == {search.number}
        assert [e.stage for e in search.stages] == [
            Stage.EMBED, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.SELECT
        ]  # fmt: skip
    assert [e.search for e in ledger.stages] == [1] + [1] * 6 + [2] * 6 + [1]


def test_the_record_comes_back_whole(ledger: Ledger) -> None:
    assert read(write(ledger)) == ledger


def test_the_turn_of_the_events_is_that_of_the_record(asked: Asked) -> None:
    turn = asked.turn()
    assert turn.stages == asked.ledger.stages and turn.searches == asked.ledger.searches and turn.several
    assert Turn.of(KeptAnswer("", asked.ledger, ()), 1).contexts == turn.contexts == asked.ledger.contexts


def test_the_answer_cites_contexts_of_both(ledger: Ledger) -> None:
    assert [(c.number, c.valid) for c in ledger.citations] == [(1, True), (3, True)]
    assert [text in ledger.messages[-1].content for text in ("context 1\n", "context 3\n", "context 4\n")] == [
        True, True, False
    ]  # fmt: skip
    finder = ledger.finder(ledger.contexts[2].stored.id)
    assert finder is ledger.searches[1]


def test_what_does_not_fit_is_a_context_of_no_search(ledger: Ledger) -> None:
    gone = ledger.contexts[0].stored.id
    why = reason("generation.over_budget", needed=9, budget=1)
    left = without(ledger.searches, {gone: why})
    found = [c for search in left for c in search.candidates if c.stored.id == gone]
    assert [(c.number, c.dropped) for c in found] == [(None, why)] * 2


# ---- the page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_them_apart(asked: Asked, language: Language) -> None:
    turn, name = asked.turn(), {"en": "Search", "zh": "检索"}[language]
    html = evidence.panel((turn,), 1, language, score_name="p_yes", marked=Marked({}, 0, None))
    page = Page(html)
    assert f"{name} 1: {FIRST}" in page.shown and f"{name} 2: {SECOND}" in page.shown
    assert PURPOSE in page.shown, "escaped"
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids)) and {"ev-1-1", "ev-1-2", "ev-1-3", "rest-1", "rest-1-s2"} <= set(ids)
    kept = Page(stages.kept(turn, language))
    assert f"{name} 2: {SECOND}" in kept.shown
    assert len(kept.of("of-search")) == 2
    assert transcript.turn(turn, language)


def test_each_search_has_a_row_of_steps_while_they_run(asked: Asked) -> None:
    turn = Turn(1, QUESTION, OPTIONS)
    for event in asked.events:
        turn = turn.after(event)
        if isinstance(event, StageEvent) and event.search == 2 and event.state is StageState.STARTED:
            break
    html = stages.live(turn, "en")
    assert html.count("<ol") == 2 and 'aria-current="step"' in html.split("<ol")[2]
    assert "Search 2" in html


def test_every_search_has_a_rank_flow_of_its_own(asked: Asked) -> None:
    turn = asked.turn()
    html = flow.flow_sheet(turn.searches, "en", turn=1, tools=Markup())
    assert html.count("<svg width=") == 2 and html.count('<h3 class="of-search">') == 2
    cards = evidence.panel((turn,), 1, "en", score_name="p_yes")
    assert all(f'id="{target}"' in cards for target in html_targets(html))


def html_targets(html: str) -> list[str]:
    found = [str(a["href"])[1:] for a in Page(html).named("a") if str(a.get("href", "")).startswith("#")]
    assert found
    return found


def test_what_if_chooses_anew_over_all(asked: Asked) -> None:
    turn = asked.turn()
    sheet = whatif.whatif_sheet(turn.searches, "en", turn=1)
    assert (
        sheet.count("<svg width=") == 2 and 'data-act="whatif-answer" data-key="answer" data-turn="1" disabled' in sheet
    )
    assert all(f'id="{t}"' in evidence.panel((turn,), 1, "en", score_name="p_yes") for t in html_targets(sheet))
    fewer = reselected(turn.searches, what_if({"contexts": 1}, turn.searches))
    assert [c.number for search in fewer for c in search.contexts] == [1, 2]
    late = turn.searches[1].contexts[0].stored.id
    banned = reselected(turn.searches, what_if({"banned": [late]}, turn.searches))
    assert late not in [c.stored.id for search in banned for c in search.contexts]
    shown = whatif.preview(turn.searches, banned, "en", turn=1, number=1)
    assert "1 left" in shown and "disabled" not in shown.split("whatif-answer")[1].split(">")[0]


def test_options_of_a_search_that_nobody_changed_stay(asked: Asked) -> None:
    first, second = asked.ledger.searches
    second = replace(second, options=replace(second.options, contexts=1, documents=("backup.md",)))
    again = reselected((first, second), replace(OPTIONS, threshold=0.0))
    assert [search.options.threshold for search in again] == [0.0, 0.0]
    assert (again[1].options.contexts, again[1].options.documents) == (1, ("backup.md",))


def test_why_not_speaks_of_the_search_that_came_nearest(shared: Desk, ledger: Ledger) -> None:
    sent = shared.whynot.of_chunk(ledger, BASE, "backup.md", shared.chunk("backup.md").id)
    assert (sent.verdict, sent.number, sent.search) == (Obstacle.SENT, 3, 2)
    html = whynot_page.verdict(sent, ledger, 1, "en")
    assert SECOND in html and "Search 2" in html
    strange = shared.whynot.of_chunk(ledger, BASE, "zh.md", shared.chunk("zh.md").id)
    assert strange.search in (1, 2) and strange.verdict is not Obstacle.SENT


def test_a_refusal_names_the_nearest_of_all(shared: Desk) -> None:
    asked = Asked(shared, replace(OPTIONS, threshold=0.999))
    assert asked.ledger.contexts == ()
    why = reason("stages.abstained", threshold=0.999, probability=0.9)
    turn = Turn.of(KeptAnswer("", replace(asked.ledger, outcome=Outcome.ABSTAINED, reason=why), ()), 1)
    html = refusal.ways_on(turn, "en")
    cards = evidence.panel((turn,), 1, "en", score_name="p_yes")
    targets = html_targets(html)
    assert len(targets) == len(set(targets)) and all(f'id="{target}"' in cards for target in targets)


def test_comparison_and_record_show_all(ledger: Ledger) -> None:
    other = replace(ledger, searches=ledger.searches[:1])
    assert "1 entered, 0 left" in compare.comparison(other, ledger, "en", turn=1)
    shown = Page(record.record(ledger, "en")).shown
    assert FIRST in shown and SECOND in shown and PURPOSE in shown


# ---- what is kept and taken along -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_saved_evidence_holds_both_and_verifies(ledger: Ledger, language: Language) -> None:
    kept = bundle_of(ledger, saved_at=0.0)
    page = bundle_page.page(kept, language)
    assert SECOND in page and page.count('id="ev-1-') == 3
    for saved in (as_json(kept), in_page(kept, page)):
        found = opened(saved.encode())
        assert found.bundle.record == ledger
        assert {finding.verdict for finding in examine(found)} == {Verdict.MATCHES}


def test_a_judgement_moved_to_the_other_search_is_told(ledger: Ledger) -> None:
    data = json.loads(as_json(bundle_of(ledger, saved_at=0.0)))
    both = {c["stored"]["id"]: c for c in data["record"]["searches"][0]["retrieval"]["candidates"]}
    twin = next(c for c in data["record"]["searches"][1]["retrieval"]["candidates"] if c["stored"]["id"] in both)
    twin["log_odds"] = both[twin["stored"]["id"]]["log_odds"] + 1
    codes = {f.what.code for f in examine(opened(json.dumps(data).encode()))}
    assert "verify.passage_changed" in codes


def test_the_export_has_one_list_of_sources(ledger: Ledger) -> None:
    text = export_markdown([ledger], "en")
    assert text.count("Sources") == 1 and [f"**\\[{n}\\]**" in text for n in (1, 2, 3, 4)] == [True] * 3 + [False]
    assert FIRST in text and SECOND in text
    assert "backup" in answer_markdown(ledger, "en")


def test_a_mark_is_for_the_query_that_found_the_passage(ledger: Ledger, tmp_path: Path) -> None:
    marks = Marks(Database(tmp_path / "marks.db"))
    for c, query in zip(ledger.contexts, (FIRST, FIRST, SECOND), strict=True):
        mark = mark_of(ledger, c.stored.id, Relevance.RIGHT)
        assert (mark.query, mark.log_odds) == (query, c.log_odds)
        marks.toggle("ann", mark)
    given = marked_in(ledger, lambda query: marks.given("ann", query, mark.judge))
    assert list(given.values()) == [Relevance.RIGHT] * 3


def test_cited_passages_of_both_are_found_again(ledger: Ledger, tmp_path: Path) -> None:
    book = ConversationStore(Database(tmp_path / "book.db"))
    book.keep("ann", "one", ledger)
    assert book.thread("ann", "one")[0].ledger == ledger
    assert list(book.citing("ann", "backup.md")) == [ledger.contexts[2].stored.id]
    book.close()


def test_a_document_is_read_with_what_came_of_it(shared: Desk, ledger: Ledger) -> None:
    for name in (ledger.contexts[0].stored.document, "backup.md"):
        found = reading(name, BASE, [replace(c, collection=BASE) for c in shared.store.chunks(name)], ledger)
        assert [place.heat for place in found.places] == [Heat.SENT]
        assert len(found.highlights) == 1


# ---- command line and evaluation ------------------------------------------------------------------------------------


def test_the_command_line_prints_search_by_search(asked: Asked) -> None:
    told = asking.told(asked.ledger, "en")
    assert told.index(f"Search 1: {FIRST}") < told.index("[1]") < told.index(f"Search 2: {SECOND}") < told.index("[3]")
    lines = [report.stage_line(e, "en") for e in asked.ledger.stages]
    assert sum(line.startswith("  2: ") for line in lines) == 6


def test_json_has_all_searches_and_the_first_where_it_was(ledger: Ledger) -> None:
    data = json.loads(json.dumps(report.answer(ledger)))
    assert [search["query"] for search in data["searches"]] == [FIRST, SECOND]
    assert data["searches"][1]["purpose"] == PURPOSE
    assert (data["search_query"], data["author"]) == (FIRST, "rule")
    assert data["retrieval"] == data["searches"][0]["retrieval"]
    assert [stage["search"] for stage in data["stages"]] == [e.search for e in ledger.stages]


def test_evaluation_measures_what_all_of_them_found(ledger: Ledger) -> None:
    assert {"tls.md", "backup.md"} <= set(ranked_documents(ledger.candidates, "reranked"))
    assert best_probability(ledger.candidates) == max(c.probability or 0 for c in ledger.candidates)


# ---- answering again ------------------------------------------------------------------------------------------------


class Silent:
    """No model: the first context, quoted."""

    def answer(
        self, question: str, contexts: object, *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield "Restore it with the **restore** command. [2]"


def test_answering_again_goes_over_all_searches(shared: Desk, ledger: Ledger, asked: Asked) -> None:
    embedder, reranker = BagEmbedder(), OverlapReranker()
    answerer = Answerer(
        asked.retriever, shared.scope(OPTIONS), chat=None, extractor=Silent(), count_tokens=embedder.count_tokens,
        detect_language=lambda text: "en", budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}),
    )  # fmt: skip
    request = Request(QUESTION, options=replace(OPTIONS, contexts=1), given=ledger)
    *events, last = answerer.ask(request, cancel=Cancel())
    assert isinstance(last, Answered)
    again = last.ledger
    assert [c.stored.document for c in again.contexts] == [ledger.contexts[0].stored.document, "backup.md"]
    assert [(s.query, s.author, s.purpose, s.parent) for s in again.searches] == [
        (s.query, s.author, s.purpose, s.parent) for s in ledger.searches
    ]
    assert [e.search for e in events if isinstance(e, Retrieved)] == [1, 2]
    assert all(len(search.stages) == 6 for search in again.searches)
    assert [(c.number, c.valid) for c in again.citations] == [(2, True)]
