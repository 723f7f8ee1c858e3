"""The jobs that add documents: the progress of each, file by file, with buttons to cancel, retry or dismiss it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from rag.events import DocumentOutcome, IngestEvent, IngestStage, beside_of, twin_of
from rag.knowledge.jobs.job import GOOD, Job, JobKind, JobState, Pace
from rag.messages import Language

from ...i18n import say
from ..markup import button, html, joined, name, size, t, tool, warning, why

TITLES = {JobKind.INGEST: "ingest", JobKind.REINDEX: "reindexing.job", JobKind.REINGEST: "originals.reingest"}
STEPS = tuple(IngestStage)
FOLDED_BEYOND = 12
BESIDES = DocumentOutcome.PASSED_OVER
"""Outcome of what is no document: told in the summary, beside the counts of documents."""
Placed = tuple[Job, Pace, int]
"""A job, its pace, and the number of jobs that come before it."""
NEAR = 4
"""Files drawn before and after the one being worked on, in a list of more than `FOLDED_BEYOND`."""
MAX_ROWS = 300
"""Files listed at most. Further ones are counted, not drawn; failed files come first."""


def progress(jobs: Sequence[tuple[Job, Pace]], language: Language, *, base: str, names: Mapping[str, str]) -> Markup:
    """The jobs of the knowledge base on show, and in one line those of the others. The newest comes first.

    Shown are jobs that wait or run, those with an error or with files to try again, and the last one that ended.
    `names`: id -> name of every knowledge base. A job whose knowledge base is not in it, since it is being deleted, is
    shown to everybody.
    """
    queue = [job.id for job, _ in jobs if not job.ended]
    placed = [(job, pace, queue.index(job.id) if job.id in queue else 0) for job, pace in reversed(jobs)]
    own = [one for one in placed if one[0].collection == base or one[0].collection not in names]
    elsewhere = [one for one in placed if one[0].collection in names and one[0].collection != base]
    last = next((job.id for job, *_ in own if job.ended), "")
    shown = [one for one in own if _open(one[0]) or one[0].id == last]
    others = [one for one in elsewhere if _open(one[0])]
    return _all(shown, language, names) + _others(others, language, names)


def _open(job: Job) -> bool:
    return not job.ended or bool(job.failures) or job.error is not None


def _all(jobs: Sequence[Placed], language: Language, names: Mapping[str, str]) -> Markup:
    return joined(_job(one, language, _into(one[0], names, language)) for one in jobs)


def _others(jobs: Sequence[Placed], language: Language, names: Mapping[str, str]) -> Markup:
    if not jobs:
        return Markup()
    folded = html('<details class="job-others" id="job-others"><summary>{}</summary>{}</details>')
    return folded(t("jobs.others", language, count=len(jobs)), _all(jobs, language, names))


def _into(job: Job, names: Mapping[str, str], language: Language) -> Markup:
    """The knowledge base a job fills; "" where there is only one."""
    if job.collection not in names:
        said = t("jobs.into_deleted", language)
    elif len(names) > 1:
        said = name(say("jobs.into", language, name=names[job.collection]))
    else:
        return Markup()
    return html('<p class="job-base">{}</p>')(said)


def _job(placed: Placed, language: Language, into: Markup) -> Markup:
    """One job: a line that counts, a bar while it runs, and a table with a row per file."""
    job, pace, ahead = placed
    events = [file.event for file in job.files]
    at = _at_work(job)
    drawn = _worth_showing(events) if job.ended else _near(events, at)
    hidden = len(events) - len(drawn)
    rows = joined(_file(events[i], i == at, language) for i in drawn)
    more = html('<p class="more">{}</p>')(t("more_files", language, count=hidden)) if hidden else ""
    said = "elsewhere" if job.elsewhere else "resumed" if job.resumed else ""
    remark = html('<p class="more">{}</p>')(t(f"jobs.{said}", language)) if said else ""
    error = warning("job-error", why(job.error, language), size=16) if job.error else ""
    return html(
        '<section class="sheet" aria-label="{title}"><div class="sheet-head"><h2>{title}</h2>{}'
        '<p role="status">{}</p>{}</div>{}{}{}{}</section>'
    )(
        into, _count_of(job, pace, ahead, language), _tools(job, language), bar(job, language), error, remark,
        _folded(job, _table(rows, language) + more, language) if rows else more, title=t(TITLES[job.kind], language),
    )  # fmt: skip


def bar(job: Job, language: Language) -> Markup:
    """How many of its files a running job is through with, as a bar; "" for other jobs."""
    if job.state is not JobState.RUNNING or not job.files:
        return Markup()
    drawn = html('<progress class="job-bar" max="{total}" value="{}" aria-label="{}"></progress>')
    done, total = sum(file.ended for file in job.files), len(job.files)
    return drawn(str(done), t("jobs.files", language, done=done, total=total), total=str(total))


def _table(rows: Markup, language: Language) -> Markup:
    heads = (t(f"col_{column}", language) for column in ("document", "size", "stage", "chunks", "outcome"))
    return html(
        '<div class="scroll"><table class="table job"><thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="num">{}</th><th scope="col">{}</th><th scope="col" class="num">{}</th>'
        '<th scope="col">{}</th></tr></thead><tbody>{}</tbody></table></div>'
    )(*heads, rows)


def _folded(job: Job, table: Markup, language: Language) -> Markup:
    """Fold the files of a job that went well: the documents below it are what matters then."""
    well = all(file.event.outcome in (*GOOD, BESIDES) for file in job.files)
    if not job.ended or not well:
        return table
    label = t("jobs.show_files", language, count=len(job.files))
    return html('<details class="job-files" id="job-{}"><summary>{}</summary>{}</details>')(job.id, label, table)


def _tools(job: Job, language: Language) -> Markup:
    if job.stopping and not job.ended:
        return html('<button type="button" class="quiet" disabled>{}</button>')(t("jobs.stopping", language))
    if not job.ended:
        return button("quiet", "cancel-ingest", t("cancel", language), job=job.id)
    again = t("jobs.retry", language, count=len(job.failures))
    retry = button("quiet", "retry-failed", again, job=job.id) if job.failures else Markup()
    return retry + tool("dismiss-job", "close", t("jobs.dismiss", language), size=16, job=job.id)


def _count_of(job: Job, pace: Pace, ahead: int, language: Language) -> Markup:
    if job.ended:
        return _summary(job, language)
    waits = t("jobs.behind", language, count=ahead) if ahead and job.state is JobState.WAITING else Markup()
    if not job.files:
        return waits or t("ingest_waiting", language)
    if waits:
        return joined([t("jobs.count", language, count=len(job.files)), waits], " · ")
    said = [t("jobs.files", language, done=sum(f.ended for f in job.files), total=len(job.files))]
    if pace.seconds_left is not None:
        said += [t("jobs.rate", language, rate=_rounded(pace.chunks_per_second)), _left(pace.seconds_left, language)]
    return joined(said, " · ")


def _rounded(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def _left(seconds: float, language: Language) -> Markup:
    if seconds < 90:
        return t("jobs.seconds_left", language, count=max(1, round(seconds)))
    if seconds < 5400:
        return t("jobs.minutes_left", language, count=round(seconds / 60))
    return t("jobs.hours_left", language, count=f"{seconds / 3600:.1f}")


def _at_work(job: Job) -> int:
    """Position of the file being worked on, as a job takes files in order; the number of files when there is none."""
    if job.state is not JobState.RUNNING:
        return len(job.files)
    return next((i for i, file in enumerate(job.files) if not file.ended), len(job.files))


def _near(files: Sequence[IngestEvent], at: int) -> list[int]:
    """Positions to draw for a running job: files that did not go well, and those around the file being worked on."""
    if len(files) <= FOLDED_BEYOND:
        return list(range(len(files)))
    bad = [i for i, e in enumerate(files) if e.outcome is not None and e.outcome not in GOOD][:MAX_ROWS]
    first = max(0, min(at, len(files)) - NEAR)
    return sorted({*bad, *range(first, min(len(files), first + 2 * NEAR + 1))})


def _worth_showing(files: Sequence[IngestEvent]) -> list[int]:
    """Positions to draw for an ended job: all, or up to `MAX_ROWS`, files that did not go well first."""
    places = range(len(files))
    if len(files) <= MAX_ROWS:
        return list(places)
    return sorted(places, key=lambda i: (files[i].outcome in GOOD, files[i].outcome is not None))[:MAX_ROWS]


def _summary(job: Job, language: Language) -> Markup:
    counts = [(o, sum(1 for f in job.files if f.event.outcome is o)) for o in DocumentOutcome]
    said = [
        t(f"count_{outcome}", language, count=count) for outcome, count in counts if count and outcome is not BESIDES
    ]
    said += [why(f.event.reason, language) for f in job.files if f.event.outcome is BESIDES and f.event.reason]
    return joined(said, " · ")


def _file(e: IngestEvent, at_work: bool, language: Language) -> Markup:
    origin = html(" <small>{} <bdi>{}</bdi></small>")(t("from_zip", language), name(e.origin)) if e.origin else ""
    beside, twin = beside_of(e) if e.beside else None, twin_of(e) if e.twin else None
    remarks = (("remark", e.reason), ("remark twin", beside), ("remark twin", twin), ("remark", e.unkept))
    told = joined(html('<p class="{}">{}</p>')(kind, why(said, language)) for kind, said in remarks if said)
    return html(
        '<tr class="{}"><th scope="row" class="file-cell"><bdi class="file">{}</bdi>{}{}</th><td class="num">{}</td>'
        '<td class="steps">{}</td><td class="num">{}</td><td>{}</td></tr>'
    )(
        e.outcome or ("running" if at_work else "waiting"), name(e.name), origin, told, size(e.size),
        _steps(e, at_work, language), _count(e), _outcome(e, at_work, language),
    )  # fmt: skip


def _steps(e: IngestEvent, at_work: bool, language: Language) -> Markup:
    reached = STEPS.index(e.stage)

    def state(position: int) -> str:
        if e.outcome in GOOD or position < reached:
            return "ok"
        if e.outcome is BESIDES or position > reached or (e.outcome is None and not at_work):
            return ""
        return "bad" if e.outcome else "now"

    step = html('<span class="step {}">{}</span>')
    return joined(step(state(i), t(f"ingest_{s}", language)) for i, s in enumerate(STEPS))


def _count(e: IngestEvent) -> str:
    if e.outcome is None and e.total:
        return f"{e.done}/{e.total}"
    return str(e.chunks) if e.chunks else "–"


def _outcome(e: IngestEvent, at_work: bool, language: Language) -> Markup:
    state = e.outcome or ("running" if at_work else "waiting")
    return html('<span class="outcome {}">{}</span>')(state, t(f"outcome_{state}", language))
