"""The stage bar: every step of an answer, while it happens and on the kept answer."""

from __future__ import annotations

from collections.abc import Sequence

from rag.events import SEARCH_STAGES, Stage, StageEvent, StageState
from rag.messages import Language

from ...state.turn import Turn
from ..markup import esc, icon, milliseconds, t, why
from . import query

BAR = (Stage.REWRITE, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.GENERATE, Stage.CITE)
"""Steps shown in the row; the list behind it has all."""

RUNNING = (StageState.STARTED, StageState.PROGRESS)

_SHAPES = {
    StageState.FINISHED: '<circle cx="6" cy="6" r="3.6" fill="currentColor"/>',
    StageState.SKIPPED: '<path d="M2.5 6h7"/>',
    StageState.FAILED: '<path d="m2.7 2.7 6.6 6.6M9.3 2.7 2.7 9.3"/>',
}
_UNKNOWN = '<circle cx="6" cy="6" r="3"/>'
"""Shape of a step that neither ran nor was skipped: the answer ended before it."""


def live(turn: Turn, language: Language) -> str:
    """All steps in a row for each search, the running step with its count; "" where nothing is searched."""
    if turn.small_talk:
        return ""
    return "".join(_row_of_pills(turn, search, bar, language) for search, bar in _bars(turn))


def _row_of_pills(turn: Turn, search: int, bar: Sequence[Stage], language: Language) -> str:
    seen = _seen(turn, search)
    pills = "".join(_pill(stage, seen.get(stage), language) for stage in bar)
    name = f"{t('stages', language)}: {query.number(search, language)}" if turn.several else t("stages", language)
    return f'<ol class="stages" aria-label="{name}">{pills}</ol>'


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


def _pill(stage: Stage, event: StageEvent | None, language: Language) -> str:
    label = t(f"stage_{stage}", language)
    if event is None:
        return f'<li class="stage">{label}</li>'
    if event.state in RUNNING:
        count = f" {event.done}/{event.total}" if event.total else ""
        return f'<li class="stage now" aria-current="step">{label}<b>{count}</b></li>'
    hint = f' title="{why(event.reason, language)}"' if event.reason else ""
    spoken = f'<span class="sr">{t(f"state_{event.state}", language)}</span>'
    return f'<li class="stage {event.state}"{hint}>{label}{spoken}</li>'


def kept(turn: Turn, language: Language) -> str:
    """A row of marks and one line, which opens into every stage's time and reason; below it the failed stages.

    A failure whose reason the verdict on the answer gives is left out.
    """
    if not turn.stages or turn.small_talk:
        return ""
    failures = [
        e for e in turn.stages if e.state is StageState.FAILED and (e.reason is None or e.reason != turn.reason)
    ]
    kind = "stage-line several" if turn.several else "stage-line"
    return (
        f'<div class="{kind}">{_marks(turn, language)}'
        f'<details class="record" id="stages-{turn.number}"><summary><span>{_headline(turn, language)}</span></summary>'
        f'<ol class="rows"><li class="whole" aria-hidden="true">{_times(turn.stages)}</li>{_rows(turn, language)}</ol>'
        "</details></div>"
        + "".join(
            f'<p class="failed-stage">{icon("warning", size=15)}<span><b>{t(f"stage_{e.stage}", language)}:</b> '
            f"{why(e.reason, language) if e.reason else t('state_failed', language)}</span></p>"
            for e in failures
        )
    )


def _rows(turn: Turn, language: Language) -> str:
    """A row for each stage; where there are several searches, the stages of each stand under its name."""
    known = {search.number: search for search in turn.searches}
    rows, at = "", 0
    for event in turn.stages:
        if turn.several and event.stage in SEARCH_STAGES and event.search != at:
            at = event.search
            rows += f'<li class="of-search">{query.named(known.get(at), at, language)}</li>'
        rows += _row(event, language)
    return rows


def _marks(turn: Turn, language: Language) -> str:
    """The seven steps as marks that differ in shape, each with its state, time and reason. One stop for Tab."""
    seen = [(stage, _seen(turn, search).get(stage)) for search, bar in _bars(turn) for stage in bar]
    marks = "".join(_mark(stage, event, i == 0, language) for i, (stage, event) in enumerate(seen))
    return f'<div class="stage-marks" role="group" aria-label="{t("stages", language)}">{marks}</div>'


def _mark(stage: Stage, event: StageEvent | None, first: bool, language: Language) -> str:
    ended = event is not None and event.state in _SHAPES
    state = event.state if event is not None and ended else "unknown"
    shape = _SHAPES[event.state] if event is not None and ended else _UNKNOWN
    label = t(f"stage_{stage}", language)
    said = [t(f"state_{state}", language)]
    if event is not None and event.milliseconds is not None:
        said.append(milliseconds(event.milliseconds))
    reason = why(event.reason, language) if event is not None and event.reason else ""
    tip = f"<b>{label}</b> <i>{' · '.join(said)}</i>" + (f"<br>{reason}" if reason else "")
    spoken = f"{label}: {', '.join(said)}" + (f". {reason}" if reason else "")
    return (
        f'<button type="button" class="stage-mark {state}" data-act="stage" tabindex="{0 if first else -1}" '
        f'aria-label="{spoken}"><svg viewBox="0 0 12 12" width="11" height="11" fill="none" stroke="currentColor" '
        f'stroke-width="1.7" stroke-linecap="round" aria-hidden="true">{shape}</svg>'
        f'<span class="stage-tip" aria-hidden="true">{tip}</span></button>'
    )


def _headline(turn: Turn, language: Language) -> str:
    total = milliseconds(sum(e.milliseconds or 0 for e in turn.stages))
    if not turn.searches:
        return t("record_bare", language, time=total)
    found, chosen = len(turn.candidates), len(turn.contexts)
    return t("record", language, found=found, kept=chosen, time=total)


def _times(stages: Sequence[StageEvent]) -> str:
    """A strip that shows each stage's share of the time."""
    timed = [e for e in stages if e.milliseconds is not None]
    whole = sum(e.milliseconds or 0 for e in timed) or 1.0
    parts = "".join(
        f'<i class="k-{e.stage}" style="flex-grow:{max((e.milliseconds or 0) / whole, 0.012):.3f}"></i>' for e in timed
    )
    return f'<span class="times" aria-hidden="true">{parts}</span>'


def _row(event: StageEvent, language: Language) -> str:
    spent = milliseconds(event.milliseconds) if event.milliseconds is not None else "–"
    count = f"{event.done}/{event.total}" if event.total else ""
    state = t(f"state_{event.state}", language)
    remark = f'<span class="remark">{why(event.reason, language)}</span>' if event.reason else ""
    return (
        f'<li class="{event.state}"><i class="k-{event.stage}" aria-hidden="true"></i>'
        f"<span>{t(f'stage_{event.stage}', language)}</span><span>{esc(count)}</span>"
        f'<span class="state">{state}</span><b>{spent}</b>{remark}</li>'
    )
