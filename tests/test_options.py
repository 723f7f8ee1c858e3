"""One table of retrieval options: every front reads it, and what is said of an option counts in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import gradio as gr
import pytest

from rag.__main__ import parser
from rag.database import Database
from rag.evidence.whynot.remedies import changed
from rag.knowledge.catalog import Catalog
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.messages import LANGUAGES, area
from rag.options import (
    DEFAULTS,
    NUMBERS,
    SELECTED,
    TABLE,
    OptionKind,
    RetrievalOption,
    SetBy,
    ShownIn,
    Wishes,
    applied,
    of,
)
from rag.settings import Settings
from rag.types import Mode, RetrievalOptions
from rag.ui.html.evidence.record import facts
from rag.ui.html.evidence.whatif import whatif_sheet
from rag.ui.html.library.library import edit
from rag.ui.html.options import written
from rag.ui.layout import Layout
from rag.ui.state.options import choices, kept_choices, what_if
from tests import ROOT
from tests.evidence.test_conversation_store import make_ledger
from tests.support.searches import search
from tests.ui.test_handlers import apart
from tests.ui.test_whatif import FOUND

ALL = list(TABLE.values())


def each(*options: RetrievalOption) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("option", options, ids=[option.name for option in options])


def other(option: RetrievalOption) -> Any:
    """A possible value that is not the default."""
    if option.kind in NUMBERS:
        return option.high
    return {OptionKind.CHOICE: option.choices[-1:], OptionKind.SWITCH: [not option.default]}.get(
        option.kind, ["Find the runbook"]
    )[0]


def bounds(option: RetrievalOption) -> str:
    return f'min="{option.low:g}" max="{option.high:g}" step="{option.step:g}"'


@cache
def controls() -> Mapping[str, Any]:
    async def built() -> Mapping[str, Any]:
        with gr.Blocks():  # makes an event loop of its own where none runs, and leaves it open
            return {control.elem_id: control for control in Layout(DEFAULTS).options}

    return apart(built())


# ---- every option on every front ------------------------------------------------------------------------------------


def test_the_table_knows_every_option() -> None:
    behind = {"dense_weight", "full_text_weight"}  # the balance
    assert {f.name for f in fields(RetrievalOptions)} == ({*TABLE, *SELECTED} - {"balance"}) | behind
    assert {f.name for f in fields(Wishes)} == {option.name for option in of(by=SetBy.BASE)}
    assert all(option.set_by and option.shown_in for option in ALL)


@each(*ALL)
def test_it_is_called_something_in_every_language(option: RetrievalOption) -> None:
    codes = [option.name, f"{option.name}_about", *(f"{option.name}_{choice}" for choice in option.choices)]
    assert all(area("ui")[code][language] for code in codes for language in LANGUAGES)


@each(*ALL)
def test_the_operator_sets_it_by_its_variable(option: RetrievalOption) -> None:
    assert bool(option.variable) == (SetBy.SETTING in option.set_by)
    if option.variable:
        settings = Settings.from_env({option.variable: str(other(option))})
        assert option.of(settings.retrieval) == other(option) != option.of(Settings().retrieval)
        assert option.variable in (ROOT / ".env.example").read_text(encoding="utf-8")


@each(*of(by=SetBy.BASE))
def test_a_knowledge_base_wants_it(option: RetrievalOption, tmp_path: Any) -> None:
    catalog = Catalog(Database(tmp_path / "kept.db"), "main")
    wishing = catalog.change(replace(catalog.base(), **{option.name: option.typed(other(option))}))
    assert option.of(wishing.over(DEFAULTS)) == other(option)
    args = parser().parse_args(["kb", "set", "main", f"--{option.name}", "x"])
    assert getattr(args, f"own_{option.name}") == "x"
    sheet = edit(wishing, "en", is_default=True)
    assert f'name="{option.name}"' in sheet
    assert bounds(option) in sheet or option.kind not in NUMBERS
    assert f'maxlength="{option.high:g}"' in sheet or option.kind is not OptionKind.TEXT


@each(*of(by=SetBy.READER))
def test_the_page_has_its_control_within_the_same_bounds(option: RetrievalOption) -> None:
    control = controls()[option.name]
    assert control.value == option.default
    if option.kind in NUMBERS:
        assert (control.minimum, control.maximum, control.step) == (option.low, option.high, option.step)
    if option.kind is OptionKind.TEXT:
        assert control.max_length == option.high
    if option.kind is OptionKind.CHOICE:
        assert [value for _, value in control.choices] == list(option.choices)
    assert option.of(applied(DEFAULTS, reader=choices({option.name: other(option)}))) == other(option)


@each(*of(shown=ShownIn.COMMAND))
def test_a_command_takes_it(option: RetrievalOption) -> None:
    said = [f"--no-{option.name}"] if option.kind is OptionKind.SWITCH else [f"--{option.name}", str(other(option))]
    args = parser().parse_args(["ask", "why?", *said])
    assert str(getattr(args, option.name)) == str(other(option))


@each(*of(shown=ShownIn.WHAT_IF))
def test_what_if_changes_it(option: RetrievalOption) -> None:
    sheet = whatif_sheet((search(FOUND),), "en", turn=1)
    assert f'name="{option.name}"' in sheet
    assert bounds(option) in sheet or option.kind not in NUMBERS or option.name == "candidates"  # as many as were found
    assert option.of(what_if({option.name: other(option)}, (search(FOUND),))) == other(option)


@each(*of(shown=ShownIn.REMEDY))
def test_a_remedy_changes_it_within_its_bounds(option: RetrievalOption) -> None:
    assert option.of(changed(DEFAULTS, {option.name: other(option)})) == other(option)
    if option.kind in NUMBERS:
        assert option.of(changed(DEFAULTS, {option.name: 10**9})) == option.high
    assert changed(DEFAULTS, {option.name: ["no such value"]}) == DEFAULTS


@each(*ALL)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_record_says_it(option: RetrievalOption, language: Any) -> None:
    ledger = make_ledger()
    ledger = replace(ledger, options=option.put(ledger.options, other(option)))
    row = f"<dt>{area('ui')[option.name][language]}</dt><dd>{written(option, ledger.options, language)}</dd>"
    assert row in facts(ledger, language)


# ---- who counts -----------------------------------------------------------------------------------------------------


def test_setting_then_knowledge_base_then_reader_then_question() -> None:
    setting = replace(DEFAULTS, candidates=90, contexts=40, threshold=0.4, mode=Mode.DENSE)
    base, reader = {"contexts": 30, "threshold": 0.3, "mode": "full_text"}, {"threshold": 0.2, "mode": "hybrid"}
    asked = applied(setting, base=base, reader=reader, question={"mode": "dense"})
    assert (asked.candidates, asked.contexts, asked.threshold, asked.mode) == (90, 30, 0.2, Mode.DENSE)
    assert applied(setting) == setting


def test_only_a_reader_who_chose_either_is_given_as_many_candidates_as_contexts() -> None:
    few = replace(DEFAULTS, candidates=3, contexts=6)
    assert applied(few, reader={"threshold": 0.5}).candidates == 3
    assert applied(few, reader={"contexts": 9}).candidates == 9
    assert applied(few, question={"contexts": 9}).candidates == 3


def test_what_a_browser_keeps_is_what_its_reader_chose() -> None:
    wide = replace(DEFAULTS, candidates=150, contexts=30)
    assert kept_choices({"chosen": {"contexts": 30, "threshold": 7, "mode": "x", "y": 1}}, wide) == {
        "contexts": 30,
        "threshold": 1.0,
    }
    earlier = {"mode": "hybrid", "candidates": 150, "contexts": 4, "threshold": 0.17, "rerank": True, "balance": 0.5}
    assert kept_choices(earlier, wide) == {"contexts": 4}
    strange: list[Any] = [None, 7, "x", [], {}, {"chosen": None}, {"chosen": [1]}, {"chosen": {"contexts": [1]}}]
    for each_kept in strange:
        assert kept_choices(each_kept, wide) == {}


def test_a_base_that_wants_nothing_has_nothing_of_its_own() -> None:
    assert KnowledgeBase("a", "A", "a").wished == {}
    assert KnowledgeBase("a", "A", "a", threshold=0.0).wished == {"threshold": 0.0}
