"""Every outcome, stage, state and kind of answer has its words on every front, in every language."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

import rag
from rag import events, ledger, messages, options, status
from rag.accounts import actor
from rag.answering.smalltalk import Kind
from rag.answering.steps import listing as listing_steps
from rag.answering.steps import results
from rag.answering.steps.cells import Operation
from rag.answering.steps.days import Relation
from rag.answering.steps.parts import Division
from rag.citations import summary as checks
from rag.cli import ask, report
from rag.evidence import answer_diff as differences
from rag.evidence import calibration, marks, verify
from rag.evidence import document_view as reading
from rag.evidence.bundle import as_json, bundle_of, in_page
from rag.evidence.export import answer_markdown, export_markdown
from rag.evidence.whynot import diagnosis, passages
from rag.knowledge import listing
from rag.knowledge.jobs import job as jobs
from rag.ledger import Ledger, Outcome, made
from rag.messages import LANGUAGES, Language, reason
from rag.models.numbers import NumberType
from rag.retrieval import duplicates as naming
from rag.text import codes, identifiers, sentences
from rag.text import markdown_spans as prose
from rag.text.reading import BlockKind
from rag.types import Mode, Named
from rag.types.chat import ReplyWay
from rag.types.steps import Approach, ChartKind, StepAuthor, StepKind, Thoroughness
from rag.ui import wiring
from rag.ui.html.answer import transcript
from rag.ui.html.evidence import bundle, compare, evidence, record
from rag.ui.html.library import jobs as job_view
from rag.ui.state.turn import Turn
from tests.support.searches import found_by, with_found

from .support.browsed import Page
from .ui.test_html import MAIN, answered, job

SOURCE = Path(rag.__file__).parent
SCORES = ("p_yes", "offline_estimate")
PARTS = ("store", "embedder", "reranker", "chat")

WORDS: dict[str, Iterable[str]] = {
    "ui.stage_{}": events.Stage,
    "ui.state_{}": [*events.StageState, "unknown"],
    "ui.ingest_{}": events.IngestStage,
    "ui.outcome_{}": [*events.DocumentOutcome, "running", "waiting"],
    "ui.count_{}": events.DocumentOutcome,
    "report.state_{}": events.StageState,
    "report.outcome_{}": Outcome,
    "export.{}": Outcome,
    "bundle.outcome_{}": Outcome,
    "query.by_{}": ledger.Author,
    "record.author_{}": ledger.Author,
    "bundle.match_{}": ledger.Match,
    "support.about_{}": ledger.Support,
    "support.chip_{}": checks.CitationCheck,
    "support.count_{}": checks.REMARKS,
    "verify.{}": verify.Verdict,
    "marks.{}": marks.Relevance,
    "marks.{}_about": marks.Relevance,
    "marks.{}_short": marks.Relevance,
    "marks.fit_{}": calibration.Method,
    "marks.state_{}": [*calibration.Method, "none"],
    "ui.mode_{}": Mode,
    "ui.approach_{}": Approach,
    "ui.thoroughness_{}": Thoroughness,
    "steps.chart_{}": ChartKind,
    "steps.kind_{}": StepKind,
    "steps.operation_{}": Operation,
    "steps.is_{}": listing_steps.ORDERS,
    "steps.column_{}": results.KNOWN,
    "steps.author_{}": StepAuthor,
    "ui.part_{}": PARTS,
    "ui.part_state_{}": status.PartState,
    "export.part_{}": PARTS[1:],
    "ui.profile_{}": ("qwen3", "offline"),
    "ui.answer_profile_{}": ("qwen3", "offline"),
    "ui.score_{}": SCORES,
    "ui.score_{}_about": SCORES,
    "report.{}": SCORES,
    "whynot.verdict_{}": diagnosis.Obstacle,
    "whynot.check_{}": [check for check in diagnosis.Check if check is not diagnosis.Check.RERANK],
    "whynot.passing_{}": diagnosis.Passing,
    "viewer.mark_{}_n": reading.HighlightKind,
    "whatif.{}_word": [change for change in differences.Change if change is not differences.Change.SAME],
    "library.state_{}": listing.STATES,
    "smalltalk.{}": get_args(Kind),
}
"""Codes looked up by a value, and all its values."""

WITHOUT_WORDS = (
    actor.ActorKind,
    options.OptionKind,
    options.SetBy,
    options.ShownIn,
    jobs.JobState,
    jobs.JobKind,
    naming.Kinship,
    NumberType,
    Named,
    BlockKind,
    Division,
    Relation,
    ReplyWay,
    prose.SpanKind,
    checks.Trust,
    reading.Heat,
    reading.DocumentState,
    sentences.Form,
    codes.Weight,
    identifiers.IdentifierKind,
    passages.Fit,
    wiring.Order,
)
"""Enumerations whose members are told apart in the program, never shown by name."""


def enumerations() -> Iterator[type[StrEnum]]:
    for module in pkgutil.walk_packages(rag.__path__, "rag."):
        if module.name.endswith(".__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, StrEnum) and value.__module__ == module.name:
                yield value


@pytest.mark.parametrize("code", WORDS)
def test_every_value_has_its_words(code: str) -> None:
    area, _, name = code.partition(".")
    for value in WORDS[code]:
        found = messages.area(area).get(name.format(value))
        assert found and all(found[lang] for lang in LANGUAGES), f"{code} of {value}"


def test_every_enumeration_has_words_or_needs_none() -> None:
    shown = {member for values in WORDS.values() for member in values if isinstance(member, StrEnum)}
    missing = {e.__qualname__: list(set(e) - shown) for e in enumerations() if e not in WITHOUT_WORDS}
    missing["Check"] = [c for c in missing["Check"] if c is not diagnosis.Check.RERANK]  # it goes by its score's name
    missing["Change"] = [c for c in missing["Change"] if c is not differences.Change.SAME]
    assert {name: left for name, left in missing.items() if left} == {}


def lookups() -> Iterator[tuple[str, str]]:
    """Where a code is put together, and the code with {} for what it is put together of."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(made := node.args[0], ast.JoinedStr):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called in ("t", "say", "label", "reason"):
                    pieces = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in made.values]
                    code = "".join(pieces)
                    home = "whynot" if path.name == "whynot.py" and called == "say" and "mode" not in code else "ui"
                    yield f"{path.name}:{node.lineno}", code if "." in code else f"{home}.{code}"


def test_codes_put_together_in_the_source_are_of_the_catalogue() -> None:
    wrong = []
    for where, code in lookups():
        area, _, name = code.partition(".")
        fits = re.compile(re.escape(name).replace(r"\{\}", ".+"))
        if not any(fits.fullmatch(known) for known in messages.area(area)):
            wrong.append(f"{where} {code}")
    assert wrong == []


def ended(outcome: Outcome, *, why: bool) -> Ledger:
    """The record of an answer that ended in that way, with a reason or without."""
    turn = answered()
    assert turn.ledger is not None
    failure = reason("generation.no_key", host="example.org") if why else None
    searched = None if outcome is Outcome.SMALL_TALK else found_by(turn)
    return replace(with_found(turn.ledger, searched), outcome=outcome, reason=failure)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", [True, False], ids=["with a reason", "without a reason"])
@pytest.mark.parametrize("outcome", Outcome)
def test_an_answer_of_every_outcome_is_told_on_every_front(outcome: Outcome, why: bool, language: Language) -> None:
    found = ended(outcome, why=why)
    turn = Turn(1, found.question, found.options, stages=found.stages, searches=made(found.searches), text=found.answer)
    turn = replace(turn, ledger=found)
    assert "Yes, the broker" in Page(transcript.turn(turn, language)).shown
    assert evidence.panel([turn], 1, language, score_name="p_yes")
    assert record.record(found, language) and compare.comparison(found, found, language, turn=1)
    kept = bundle_of(found, saved_at=0.0)
    assert in_page(kept, bundle.page(kept, language)) and json.loads(as_json(kept))
    assert found.answer[:20] in export_markdown([found], language) + answer_markdown(found, language)
    assert ask.told(found, language) and json.dumps(report.plain(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_every_outcome_is_told_on_every_front(language: Language) -> None:
    for state in jobs.JobState:
        for stage in events.IngestStage:
            files = [
                events.IngestEvent("a.md", "a.zip", 1, stage, 1, 1, 1, 1, outcome, reason("files.blank"))
                for outcome in (None, *events.DocumentOutcome)
            ]
            made = [replace(job(*files, state=state), kind=kind) for kind in jobs.JobKind]
            assert job_view.progress([(one, jobs.Pace()) for one in made], language, base="kb", names=MAIN)
            assert all(report.ingest_line(file, language) for file in files if file.outcome)


def test_the_command_line_tells_a_stage_in_the_language_asked_for() -> None:
    event = events.StageEvent(events.Stage.RERANK, events.StageState.FINISHED, done=3, total=4)
    assert report.stage_line(event, "en").split() == ["rerank", "finished", "3/4"]
    assert report.stage_line(event, "zh").split() == ["重排序", "完成", "3/4"]


def test_small_talk_reads_as_a_friendly_reply() -> None:
    found = ended(Outcome.SMALL_TALK, why=False)
    skipped = tuple(
        events.StageEvent(s, events.StageState.SKIPPED, reason=reason("stages.small_talk")) for s in events.Stage
    )
    turn = Turn(1, "hello", found.options, stages=skipped, text="Hello there.")
    for one in (
        turn,
        replace(turn, ledger=replace(found, question="hello", answer="Hello there.", answer_stages=skipped)),
    ):
        page = Page(transcript.turn(one, "en"))
        assert "Hello there." in page.shown
        assert "No complete answer" not in page.shown and "skipped" not in page.shown
        classes = " ".join(str(a.get("class", "")) for _, a in page.tags)
        assert "failed" not in classes and "stage" not in classes
        assert "did not get this far" not in evidence.panel([one], 1, "en", score_name="p_yes")


def test_a_failure_of_the_model_is_told_once_and_calmly_where_there_is_an_answer() -> None:
    why = reason("generation.no_key", host="example.org")
    failed = events.StageEvent(events.Stage.GENERATE, events.StageState.FAILED, reason=why)
    found = replace(ended(Outcome.EXTRACTIVE, why=True), answer_stages=(failed,))
    turn = Turn(1, found.question, found.options, stages=(failed,), text=found.answer, ledger=found)
    html = transcript.turn(turn, "en")
    told = [str(a["class"]) for _, a in Page(html).tags if "class" in a]
    assert "verdict warned" in told and "failed-stage" not in told and "verdict failed" not in told
    other = replace(failed, stage=events.Stage.RERANK, reason=reason("stages.broke_down", kind="X"))
    assert "failed-stage" in transcript.turn(replace(turn, stages=(other, failed)), "en")
