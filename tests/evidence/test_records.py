"""Records and saved evidence that the version before wrote: they open, say the same, and verify."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import BundleRefused
from rag.events import SEARCH_STAGES
from rag.evidence.bundle import as_json, bundle_of, opened, opened_file
from rag.evidence.kept import KeptAnswer
from rag.evidence.records import read, upgraded, write
from rag.evidence.verify import Verdict, examine
from rag.ledger import RECORD_VERSION, Ledger, Outcome
from rag.messages import LANGUAGES
from rag.ui.html.answer import transcript
from rag.ui.html.evidence import evidence
from rag.ui.state.turn import Turn
from tests import ROOT

from .test_conversation_store import make_ledger

FOLDER = ROOT / "tests" / "data" / "ledgers"
"""Written by the code of record version 1, from real answers over fake models."""
RECORDS = sorted(path for path in FOLDER.glob("*.json") if not path.name.startswith("saved"))
SAVED = sorted(FOLDER.glob("saved_*"))
OUTCOMES = {
    "abstained": Outcome.ABSTAINED,
    "cut": Outcome.FAILED,
    "extractive": Outcome.EXTRACTIVE,
    "failed": Outcome.FAILED,
    "follow_up": Outcome.GENERATED,
    "generated": Outcome.GENERATED,
    "given": Outcome.EXTRACTIVE,
    "interrupted": Outcome.FAILED,
    "model_failed": Outcome.EXTRACTIVE,
    "over_budget": Outcome.GENERATED,
    "small_talk": Outcome.SMALL_TALK,
    "stopped": Outcome.STOPPED,
}


def name(path: Path) -> str:
    return path.name


def test_a_record_of_every_outcome_was_kept() -> None:
    assert {path.stem: read(path.read_text("utf-8")).outcome for path in RECORDS} == OUTCOMES
    assert {path.name for path in SAVED} == {"saved_generated.json", "saved_generated.html", "saved_small_talk.json"}


NEW_OPTIONS = ("approach", "thoroughness", "guidance")


@pytest.mark.parametrize("path", RECORDS, ids=name)
def test_a_record_of_the_version_before_says_what_it_said(path: Path) -> None:
    before = json.loads(path.read_text("utf-8"))
    ledger = read(path.read_text("utf-8"))
    assert ledger.record_version == RECORD_VERSION and len(ledger.searches) == 1
    assert (ledger.main.query, ledger.main.author) == (before["search_query"], before["author"])
    assert [e.stage for e in ledger.stages] == [e["stage"] for e in before["stages"]]
    assert {e.stage for e in ledger.main.stages} <= set(SEARCH_STAGES)
    assert ledger.searched is (before["retrieval"] is not None)
    now = json.loads(write(ledger))
    for one in (e for e in (*now["answer_stages"], *now["searches"][0]["stages"])):
        assert one.pop("search") == 1
    for candidate in (now["searches"][0]["retrieval"] or {}).get("candidates", ()):
        assert candidate["stored"]["chunk"].pop("lead") == ""
        assert (candidate.pop("named"), candidate.pop("names")) == ("", [])
    if found := now["searches"][0]["retrieval"]:
        assert (found.pop("nowhere"), found.pop("nearest"), found.pop("unknown")) == ([], "", [])
        assert [found["options"].pop(new) for new in NEW_OPTIONS] == ["auto", "normal", ""]
        assert found["fusion"].pop("language") == ""
    assert [now["options"].pop(new) for new in NEW_OPTIONS] == ["auto", "normal", ""] and now.pop("steps") == []
    assert now["searches"][0]["retrieval"] == before["retrieval"]
    assert sorted(map(json.dumps, (*now["answer_stages"], *now["searches"][0]["stages"]))) == sorted(
        map(json.dumps, before["stages"])
    )
    moved = {"search_query", "author", "retrieval", "stages"}
    assert {k: v for k, v in before.items() if k not in moved}.items() <= now.items()


@pytest.mark.parametrize("path", RECORDS, ids=name)
def test_a_record_of_the_version_before_is_read_once_and_shown(path: Path) -> None:
    ledger = read(path.read_text("utf-8"))
    assert read(write(ledger)) == ledger
    turn = Turn.of(KeptAnswer("", ledger, (ledger.id,)), 1)
    for language in LANGUAGES:
        assert "Search 1" not in transcript.turn(turn, language) + evidence.panel((turn,), 1, language, score_name="")
    again = opened(as_json(bundle_of(ledger, saved_at=0.0)).encode())
    assert again.intact and again.bundle.record == ledger


@pytest.mark.parametrize("path", SAVED, ids=name)
def test_evidence_saved_by_the_version_before_still_verifies(path: Path) -> None:
    found = opened_file(path)
    assert (found.intact, found.shown) == (True, True if path.suffix == ".html" else None)
    assert {finding.verdict for finding in examine(found)} == {Verdict.MATCHES}


def test_what_was_changed_in_evidence_of_the_version_before_is_told() -> None:
    data = json.loads((FOLDER / "saved_generated.json").read_text("utf-8"))
    data["record"]["retrieval"]["candidates"][0]["log_odds"] += 1
    found = opened(json.dumps(data).encode())
    assert not found.intact
    assert "verify.passage_changed" in {finding.what.code for finding in examine(found)}


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(write(make_ledger()))
    change(data)
    return data


STRANGE: dict[str, Callable[[], Any]] = {
    "a later version": lambda: changed(lambda d: d.update(record_version=RECORD_VERSION + 1)),
    "a version that is text": lambda: changed(lambda d: d.update(record_version="new")),
    "no search": lambda: changed(lambda d: d.update(searches=[])),
    "a search twice": lambda: changed(lambda d: d.update(searches=d["searches"] * 2)),
    "searches from 2": lambda: changed(lambda d: d["searches"][0].update(number=2)),
    "a list": list,
    "nothing": lambda: None,
    "the version before without its query": lambda: older(search_query=None),
    "the version before with a stage that is none": lambda: older(stages=["rerank", 3]),
    "the version before with stages that are no list": lambda: older(stages=7),
    "the version before with candidates that are none": lambda: older(retrieval=[]),
}


def older(**changes: Any) -> dict[str, Any]:
    return {**json.loads((FOLDER / "generated.json").read_text("utf-8")), **changes}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_record_is_refused(strange: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(json.dumps(strange()))
    saved = json.loads(as_json(bundle_of(make_ledger(), saved_at=0.0)))
    with pytest.raises(BundleRefused) as caught:
        opened(json.dumps({**saved, "record": strange()}).encode())
    assert caught.value.reason.code == "bundle.wrong_shape"


def test_a_record_of_today_is_left_as_it_is() -> None:
    data = json.loads(write(make_ledger()))
    assert upgraded(data) is data
    assert data["record_version"] == RECORD_VERSION


def test_a_ledger_without_a_search_cannot_be_made() -> None:
    ledger: Ledger = make_ledger()
    with pytest.raises(ValueError, match="numbered from 1"):
        type(ledger)(**{f: getattr(ledger, f) for f in ledger.__dataclass_fields__} | {"searches": ()})
