"""Notices about an index: it was made differently, a new one is ready, an earlier one is kept."""

from __future__ import annotations

from collections.abc import Container, Sequence

from rag.evaluation.index_comparison import Comparison
from rag.knowledge.indexes import IndexState
from rag.messages import Language, Reason, text

from ..markup import esc, icon, name, t, why
from ..sheet import sheet
from .library import called


def notice(states: Sequence[IndexState], building: Container[str], language: Language) -> str:
    """One quiet box per knowledge base; `building` holds the ids of those whose index a job builds."""
    return "".join(_box(state, state.base.id in building, language) for state in states)


def missing(remark: Reason | None, language: Language) -> str:
    """A notice that Milvus lacks documents it should hold, and what to do; "" when it lacks none."""
    if remark is None:
        return ""
    sign, title = icon("warning", size=16), t("inventory.title", language)
    return (
        f'<section class="index-notice warned">{sign}<div><b>{title}</b><p>{why(remark, language)}</p></div></section>'
    )


def _box(state: IndexState, busy: bool, language: Language) -> str:
    if busy:
        said, buttons = t("reindexing.building", language), ""
    elif state.ready:
        said = t("reindexing.ready", language, documents=state.done, chunks=state.chunks)
        buttons = _button("compare_indexes", "compare", state, language) + _button(
            "switch_index", "switch", state, language
        )
    elif state.mismatch:
        about = "reindexing.about_cut" if state.in_full else "reindexing.about"
        said = t(about, language, differences=_differences(state.mismatch, language))
        if state.building:
            said = t("reindexing.unfinished", language, done=state.done, total=state.total)
        buttons = _button("build_index", "build", state, language)
    else:
        said = t("reindexing.kept", language, differences=state.former)
        buttons = _button("switch_back", "back", state, language) + _button("delete_index", "delete", state, language)
    base = name(called(state.base, language))
    title = f"{base}: {t('reindexing.title', language)}" if state.mismatch else base
    look, sign = ("index-notice warned", icon("warning", size=16)) if state.mismatch else ("index-notice", "")
    return (
        f'<section class="{look}">{sign}<div><b>{title}</b><p>{said}</p>'
        f'<div class="index-tools">{buttons}</div></div></section>'
    )


def _button(event: str, label: str, state: IndexState, language: Language) -> str:
    return (
        f'<button type="button" class="quiet" data-act="index" data-event="{event}" data-base="{esc(state.base.id)}">'
        f"{t(f'reindexing.{label}', language)}</button>"
    )


def _differences(mismatch: Reason, language: Language) -> str:
    differences = mismatch.values.get("differences", mismatch)
    return text(differences, language) if isinstance(differences, Reason) else str(differences)


def comparison(found: Comparison, language: Language) -> str:
    """The sheet with the measures of both indexes, and the rank of the first right document of each question."""
    measures = "".join(
        f'<tr><th scope="row">{esc(key)}</th><td class="num">{found.old[key]:.3f}</td>'
        f'<td class="num">{found.new[key]:.3f}</td></tr>'
        for key in found.new
    )
    standings = "".join(
        f'<tr><th scope="row">{esc(s.question.text)}</th><td class="num">{s.old or "–"}</td>'
        f'<td class="num">{s.new or "–"}</td></tr>'
        for s in found.standings
    )
    body = (
        f"<p>{t('reindexing.about_compare', language)}</p>{_table('reindexing.measure', measures, language)}"
        f"{_table('reindexing.question', standings, language)}"
    )
    return sheet(t("reindexing.compare_title", language), body, language, kind="comparison")


def _table(first: str, rows: str, language: Language) -> str:
    old, new = t("reindexing.old", language), t("reindexing.new", language)
    return (
        f'<div class="scroll" tabindex="0"><table class="table"><thead><tr><th scope="col">{t(first, language)}</th>'
        f'<th scope="col" class="num">{old}</th><th scope="col" class="num">{new}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
