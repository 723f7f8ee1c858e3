"""The stage bar: every step of an answer, while it happens and on the kept answer."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.events import SEARCH_STAGES, Stage, StageEvent, StageState
from rag.messages import Language

from ...state.turn import Turn
from ..markup import html, joined, milliseconds, t, warning, why
from . import query

BAR = (Stage.REWRITE, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.GENERATE, Stage.CITE)
"""Steps shown in the row; the list behind it has all."""

RUNNING = (StageState.STARTED, StageState.PROGRESS)

_SHAPES = {
    StageState.FINISHED: Markup('<circle cx="6" cy="6" r="3.6" fill="currentColor"/>'),
    StageState.SKIPPED: Markup('<path d="M2.5 6h7"/>'),
    StageState.FAILED: Markup('<path d="m2.7 2.7 6.6 6.6M9.3 2.7 2.7 9.3"/>'),
}
_UNKNOWN = Markup('<circle cx="6" cy="6" r="3"/>')
"""Shape of a step that neither ran nor was skipped: the answer ended before it."""


def live(turn: Turn, language: Language) -> Markup:
    """All stages in a row for each search, of several steps for the last one; "" where nothing is searched."""
    if turn.small_talk:
        return Markup()
    bars = _bars(turn)
    return joined(_row_of_pills(turn, search, bar, language) for search, bar in (bars[-1:] if turn.steps else bars))


def _row_of_pills(turn: Turn, search: int, bar: Sequence[Stage], language: Language) -> Markup:
    seen = _seen(turn, search)
    pills = joined(_pill(stage, seen.get(stage), language) for stage in bar)
    name = joined([t("stages", language), *([query.number(search, language)] if turn.several else [])], ": ")
    return html('<ol class="stages" aria-label="{}">{}</ol>')(name, pills)


def _bars(turn: Turn) -> list[tuple[int, tuple[Stage, ...]]]:
    """Number of each search and the steps shown with it.

    The steps of the first search begin with the wording of the question; those of the last end with the answer.
    """
    numbers = sorted({1} | {e.search for e in turn.stages})
    before, after = BAR[:1], tuple(stage for stage in BAR[1:] if stage not in SEARCH_STAGES)
    own = tuple(stage for stage in BAR if stage in SEARCH_STAGES)
    return [(n, (before if n == numbers[0] else ()) + own + (after if n == numbers[-1] else ())) for n in numbers]


def _seen(turn: Turn, search: int) -> dict[Stage, StageEvent]:
    """The last event of every step of a search and of the answer.

    Embedding the question counts as the beginning of dense search.
    """
    seen = {e.stage: e for e in turn.stages if e.search == search or e.stage not in SEARCH_STAGES}
    embed = seen.get(Stage.EMBED)
    if embed and Stage.DENSE not in seen and embed.state in RUNNING:
        seen[Stage.DENSE] = embed
    return seen


def _pill(stage: Stage, event: StageEvent | None, language: Language) -> Markup:
    label = t(f"stage_{stage}", language)
    if event is None:
        return html('<li class="stage">{}</li>')(label)
    if event.state in RUNNING:
        count = f" {event.done}/{event.total}" if event.total else ""
        return html('<li class="stage now" aria-current="step">{}<b>{}</b></li>')(label, count)
    hint = html(' title="{}"')(why(event.reason, language)) if event.reason else ""
    spoken = html('<span class="sr">{}</span>')(t(f"state_{event.state}", language))
    return html('<li class="stage {}"{}>{}{}</li>')(event.state, hint, label, spoken)


def kept(turn: Turn, language: Language) -> Markup:
    """A row of marks and one line, which opens into every stage's time and reason; below it the failed stages.

    A failure whose reason the verdict on the answer gives is left out.
    """
    if not turn.stages or turn.small_talk:
        return Markup()
    failures = [
        e for e in turn.stages if e.state is StageState.FAILED and (e.reason is None or e.reason != turn.reason)
    ]
    kind = "stage-line several" if turn.several else "stage-line"
    rows = html('<li class="whole" aria-hidden="true">{}</li>{}')(_times(turn.stages), _rows(turn, language))
    return html(
        '<div class="{}">{}<details class="record" id="stages-{}"><summary><span>{}</span></summary>'
        '<ol class="rows">{}</ol></details></div>{}'
    )(
        kind, _marks(turn, language), turn.number, _headline(turn, language), rows,
        joined(_failure(each, language) for each in failures),
    )  # fmt: skip


def _failure(event: StageEvent, language: Language) -> Markup:
    said = why(event.reason, language) if event.reason else t("state_failed", language)
    stage = t(f"stage_{event.stage}", language)
    return warning("failed-stage", html("<b>{}:</b> {}")(stage, said), size=15)


def _rows(turn: Turn, language: Language) -> Markup:
    """A row for each stage; where there are several searches, the stages of each stand under its name."""
    known = {search.number: search for search in turn.searches}
    rows, at = [], 0
    for event in turn.stages:
        if turn.several and event.stage in SEARCH_STAGES and event.search != at:
            at = event.search
            rows.append(html('<li class="of-search">{}</li>')(query.named(known.get(at), at, language)))
        rows.append(_row(event, language))
    return joined(rows)


def _marks(turn: Turn, language: Language) -> Markup:
    """The seven steps as marks that differ in shape, each with its state, time and reason. One stop for Tab."""
    if turn.steps:
        return Markup()  # they have a list of their own
    bars = [(_seen(turn, search), bar) for search, bar in _bars(turn)]
    seen = [(stage, known.get(stage)) for known, bar in bars for stage in bar]
    marks = joined(_mark(stage, event, i == 0, language) for i, (stage, event) in enumerate(seen))
    return html('<div class="stage-marks" role="group" aria-label="{}">{}</div>')(t("stages", language), marks)


def _mark(stage: Stage, event: StageEvent | None, first: bool, language: Language) -> Markup:
    ended = event is not None and event.state in _SHAPES
    state = event.state if event is not None and ended else "unknown"
    shape = _SHAPES[event.state] if event is not None and ended else _UNKNOWN
    label = t(f"stage_{stage}", language)
    said: list[str] = [t(f"state_{state}", language)]
    if event is not None and event.milliseconds is not None:
        said.append(milliseconds(event.milliseconds))
    reason = why(event.reason, language) if event is not None and event.reason else ""
    tip = html("<b>{}</b> <i>{}</i>{}")(label, joined(said, " · "), html("<br>{}")(reason) if reason else "")
    spoken = html("{}: {}{}")(label, joined(said, ", "), html(". {}")(reason) if reason else "")
    return html(
        '<button type="button" class="stage-mark {}" data-act="stage" tabindex="{}" aria-label="{}"><svg '
        'viewBox="0 0 12 12" width="11" height="11" fill="none" stroke="currentColor" stroke-width="1.7" '
        'stroke-linecap="round" aria-hidden="true">{}</svg><span class="stage-tip" aria-hidden="true">{}</span>'
        "</button>"
    )(state, 0 if first else -1, spoken, shape, tip)


def _headline(turn: Turn, language: Language) -> Markup:
    total = milliseconds(sum(e.milliseconds or 0 for e in turn.stages)).replace(" ", "\u00a0")
    if not turn.searches:
        return t("record_bare", language, time=total)
    found, chosen = len(turn.candidates), len(turn.contexts)
    return t("record", language, found=found, kept=chosen, time=total)


def _times(stages: Sequence[StageEvent]) -> Markup:
    """A strip that shows each stage's share of the time."""
    timed = [e for e in stages if e.milliseconds is not None]
    whole = sum(e.milliseconds or 0 for e in timed) or 1.0
    shares = [(e.stage, f"{max((e.milliseconds or 0) / whole, 0.012):.3f}") for e in timed]
    parts = joined(html('<i class="k-{}" style="flex-grow:{}"></i>')(stage, share) for stage, share in shares)
    return html('<span class="times" aria-hidden="true">{}</span>')(parts)


def _row(event: StageEvent, language: Language) -> Markup:
    spent = milliseconds(event.milliseconds) if event.milliseconds is not None else "–"
    count = f"{event.done}/{event.total}" if event.total else ""
    state = t(f"state_{event.state}", language)
    remark = html('<span class="remark">{}</span>')(why(event.reason, language)) if event.reason else ""
    return html(
        '<li class="{}"><i class="k-{}" aria-hidden="true"></i><span>{}</span><span>{}</span>'
        '<span class="state">{}</span><b>{}</b>{}</li>'
    )(event.state, event.stage, t(f"stage_{event.stage}", language), count, state, spent, remark)
