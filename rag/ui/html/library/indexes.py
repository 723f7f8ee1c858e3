"""Notices about an index: it was made differently, a new one is ready, an earlier one is kept."""

from __future__ import annotations

from collections.abc import Container, Sequence

from markupsafe import Markup

from rag.evaluation.index_comparison import Comparison
from rag.knowledge.indexes import IndexState
from rag.messages import Language, Reason, text

from ..markup import button, html, icon, joined, name, t, why
from ..sheet import sheet
from .library import called


def notice(states: Sequence[IndexState], building: Container[str], language: Language) -> Markup:
    """One quiet box per knowledge base; `building` holds the ids of those whose index a job builds."""
    return joined(_box(state, state.base.id in building, language) for state in states)


def missing(remark: Reason | None, language: Language) -> Markup:
    """A notice that Milvus lacks documents it should hold, and what to do; "" when it lacks none."""
    if remark is None:
        return Markup()
    sign, title = icon("warning", size=16), t("inventory.title", language)
    box = html('<section class="index-notice warned">{}<div><b>{}</b><p>{}</p></div></section>')
    return box(sign, title, why(remark, language))


def _box(state: IndexState, busy: bool, language: Language) -> Markup:
    acts: dict[str, str] = {}
    if busy:
        said = t("reindexing.building", language)
    elif state.ready:
        said = t("reindexing.ready", language, documents=state.done, chunks=state.chunks)
        acts = {"compare_indexes": "compare", "switch_index": "switch"}
    elif state.mismatch:
        about = "reindexing.about_cut" if state.in_full else "reindexing.about"
        said = t(about, language, differences=_differences(state.mismatch, language))
        if state.building:
            said = t("reindexing.unfinished", language, done=state.done, total=state.total)
        acts = {"build_index": "build"}
    else:
        said = t("reindexing.kept", language, differences=state.former)
        acts = {"switch_back": "back", "delete_index": "delete"}
    buttons = joined(
        button("quiet", "index", t(f"reindexing.{label}", language), event=event, base=state.base.id)
        for event, label in acts.items()
    )
    base = name(called(state.base, language))
    title = html("{}: {}")(base, t("reindexing.title", language)) if state.mismatch else base
    look, sign = ("index-notice warned", icon("warning", size=16)) if state.mismatch else ("index-notice", "")
    box = html('<section class="{}">{}<div><b>{}</b><p>{}</p><div class="index-tools">{}</div></div></section>')
    return box(look, sign, title, said, buttons)


def _differences(mismatch: Reason, language: Language) -> str:
    differences = mismatch.values.get("differences", mismatch)
    return text(differences, language) if isinstance(differences, Reason) else str(differences)


def comparison(found: Comparison, language: Language) -> Markup:
    """The sheet with the measures of both indexes, and the rank of the first right document of each question."""
    row = html('<tr><th scope="row">{}</th><td class="num">{}</td><td class="num">{}</td></tr>')
    measures = joined(row(key, f"{found.old[key]:.3f}", f"{found.new[key]:.3f}") for key in found.new)
    standings = joined(row(s.question.text, s.old or "–", s.new or "–") for s in found.standings)
    tables = _table("measure", measures, language) + _table("question", standings, language)
    body = html("<p>{}</p>{}")(t("reindexing.about_compare", language), tables)
    return sheet(t("reindexing.compare_title", language), body, language, kind="comparison")


def _table(first: str, rows: Markup, language: Language) -> Markup:
    head = (t(f"reindexing.{key}", language) for key in (first, "old", "new"))
    return html(
        '<div class="scroll" tabindex="0"><table class="table"><thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="num">{}</th><th scope="col" class="num">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    )(*head, rows)
