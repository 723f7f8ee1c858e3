"""The stage bar: every step of an answer, while it happens and on the kept answer."""

from __future__ import annotations

from collections.abc import Sequence

from ...events import Stage, StageEvent, State
from ...messages import Language
from ..turn import Turn
from .markup import esc, icon, milliseconds, t, why

BAR = (Stage.REWRITE, Stage.EMBED, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.GENERATE, Stage.CITE)
"""The steps worth a place in the live bar; the kept record lists all."""

RUNNING = (State.STARTED, State.PROGRESS)


def live(turn: Turn, language: Language) -> str:
    """All steps in a row, the running one with its count."""
    seen = {e.stage: e for e in turn.stages}
    pills = "".join(_pill(stage, seen.get(stage), language) for stage in BAR)
    return f'<ol class="stages" aria-label="{t("stages", language)}">{pills}</ol>'


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
    """One line that opens into every stage's time and reason."""
    if not turn.stages:
        return ""
    failures = [e for e in turn.stages if e.state is State.FAILED]
    rows = "".join(_row(e, language) for e in turn.stages)
    return (
        f'<details class="record" id="stages-{turn.number}"><summary>{_bar(turn.stages)}'
        f"<span>{_headline(turn, language)}</span></summary>"
        f'<ol class="rows">{rows}</ol></details>'
        + "".join(
            f'<p class="failed-stage">{icon("warning", size=15)}<span><b>{t(f"stage_{e.stage}", language)}:</b> '
            f"{why(e.reason, language) if e.reason else t('state_failed', language)}</span></p>"
            for e in failures
        )
    )


def _headline(turn: Turn, language: Language) -> str:
    total = milliseconds(sum(e.milliseconds or 0 for e in turn.stages))
    if turn.retrieval is None:
        return t("record_bare", language, time=total)
    found, chosen = len(turn.retrieval.candidates), len(turn.retrieval.contexts)
    return t("record", language, found=found, kept=chosen, time=total)


def _bar(stages: Sequence[StageEvent]) -> str:
    """Share of the time each stage took, as a strip."""
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
