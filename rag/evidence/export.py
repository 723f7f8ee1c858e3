"""A conversation as one Markdown file: questions, answers, and every source with its scores. Pure.

The file is read in programs we do not know, so what came from documents, models and users is escaped or fenced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rag.citations import summary as checks
from rag.ledger import Ledger, Match, Outcome, nearest
from rag.messages import Language, label, reason, text
from rag.retrieval.source_names import source
from rag.text.markdown_spans import open_fence
from rag.text.sanitizer import safe_markdown
from rag.types import HEADING_SEPARATOR, Candidate, Ranked
from rag.types.steps import AnswerStep

from . import export_displays
from .export_displays import escaped, fenced

PARTS = ("embedder", "reranker", "chat")
NEAR_MISSES = 3
"""Passages shown for a question that was not answered."""


def export_markdown(ledgers: Sequence[Ledger], language: Language, *, title: str = "") -> str:
    """The ledgers in order, each as a section; ends with a line feed. `title` "" is a general one."""
    parts = [f"# {escaped(title) or label('export.title', language)}"]
    for number, ledger in enumerate(ledgers, start=1):
        parts += _turn(number, ledger, language)
    return "\n\n".join(parts) + "\n"


def answer_markdown(ledger: Ledger, language: Language) -> str:
    """One answer with the sources it cites, all it was given where it cites none; ends with a line feed."""
    parts = [_answer(ledger, language)]
    contexts = ledger.contexts
    cited = {c.number for c in ledger.citations if c.valid}
    shown = [c for c in contexts if c.number in cited] or list(contexts)
    if shown:
        parts.append(f"**{label('export.sources', language)}**")
        parts.append("\n".join(line for c in shown for line in _listed(c, ledger, language)))
    return "\n\n".join(parts) + "\n"


def _listed(candidate: Candidate, ledger: Ledger, language: Language) -> list[str]:
    """A source as an item of a list, with the words the answer quotes from it."""
    quoted = dict.fromkeys(
        candidate.stored.chunk.text[q.start : q.end]
        for q in ledger.quotes
        if q.number == candidate.number and q.match is not Match.MISSING
    )
    first = f"- **\\[{candidate.number}\\]** {_where(candidate, language)}"
    return [first, *(f"  - “{escaped(words)}”" for words in quoted)]


def _turn(number: int, ledger: Ledger, language: Language) -> list[str]:
    when = datetime.fromtimestamp(ledger.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    facts = [text(reason("export.asked", when=when), language)]
    queries = [search.query for search in ledger.searches]
    if queries != [ledger.question]:
        facts += [text(reason("export.searched", query=escaped(query)), language) for query in queries]
    facts += [_outcome(ledger, language), _models(ledger, language)]
    parts = [f"## {text(reason('export.question', number=number), language)}", _quoted(ledger.question)]
    parts += ["\n".join(f"- {fact}" for fact in facts), _answer(ledger, language)]
    return (
        parts
        + export_displays.displays(ledger, language)
        + _steps(ledger, language)
        + _checks(ledger, language)
        + _sources(ledger, language)
    )


def _steps(ledger: Ledger, language: Language) -> list[str]:
    """What was done one after the other to gather the evidence, and why."""
    if not ledger.steps:
        return []
    title = text(reason("steps.title", count=len(ledger.steps)), language)
    return ["\n".join([f"**{title}**", "", *(f"{s.number}. {_step(s, language)}" for s in ledger.steps)])]


def _step(step: AnswerStep, language: Language) -> str:
    done = label(f"steps.kind_{step.kind}", language)
    came = text(reason("steps.came", found=step.found, kept=step.kept), language) if step.search else ""
    note = text(step.note, language) if step.note else ""
    again = label("steps.reused", language) if step.reused else ""
    told = (" ".join(each.split()) for each in (came, again, note, text(step.why, language)) if each)
    said = f"{escaped(' '.join(step.query.split()))} " if step.query else ""
    return f"{done}: {said}({escaped(' · '.join(told))})"


def _checks(ledger: Ledger, language: Language) -> list[str]:
    """The check of an answer against its sources, and its sentences that have none."""
    line = checks.summary(ledger, language)
    if not line:
        return []
    bare = [escaped(ledger.answer[claim.start : claim.end]) for claim in checks.without_source(ledger)]
    rows = [text(reason("support.no_source_named", sentence=sentence), language) for sentence in bare]
    rows += [
        text(reason("support.unsent_named", number=q.number, words=escaped(q.text)), language)
        for q in checks.unsent(ledger)
    ]
    return ["\n".join([f"*{line}*", *([""] if rows else []), *(f"- {row}" for row in rows)])]


def _quoted(value: str) -> str:
    return "\n".join(f"> {escaped(line)}".rstrip() for line in value.splitlines() or [""])


def _outcome(ledger: Ledger, language: Language) -> str:
    chat = ledger.models.get("chat")
    if ledger.outcome is Outcome.GENERATED:
        said = text(reason("export.generated", model=escaped(chat.name) if chat else "–"), language)
    else:
        said = label(f"export.{ledger.outcome}", language)
    return _named(said, escaped(text(ledger.reason, language)), language) if ledger.reason else said


def _named(name: str, value: str, language: Language) -> str:
    return text(reason("export.named", name=name, value=value), language)


def _models(ledger: Ledger, language: Language) -> str:
    used = [text(reason("export.profile", name=escaped(ledger.profile)), language)]
    for part in PARTS:
        if info := ledger.models.get(part):
            name = f"{info.name} @ {info.revision}" if info.revision else info.name
            used.append(text(reason(f"export.part_{part}", name=escaped(name)), language))
    return _named(label("export.models", language), ", ".join(used), language)


def _answer(ledger: Ledger, language: Language) -> str:
    if not ledger.answer.strip():
        return f"*{label('export.nothing', language)}*"
    answer = safe_markdown(ledger.answer).rstrip()
    left_open = open_fence(answer)
    return f"{answer}\n{left_open}" if left_open else answer


def _sources(ledger: Ledger, language: Language) -> list[str]:
    """The contexts, or the nearest passages when none was used."""
    contexts = ledger.contexts
    shown = contexts or nearest(ledger.searches)[:NEAR_MISSES]
    if not shown:
        return []
    parts = [f"### {label('export.sources' if contexts else 'export.near_misses', language)}"]
    for candidate in shown:
        parts += [_source(candidate, ledger, language), fenced(candidate.stored.chunk.text)]
    unknown = sorted({c.number for c in ledger.citations if not c.valid})
    if unknown:
        numbers = ", ".join(f"\\[{n}\\]" for n in unknown)
        parts.append(text(reason("export.unknown_citations", numbers=numbers), language))
    return parts


def _source(candidate: Candidate, ledger: Ledger, language: Language) -> str:
    lines = [_where(candidate, language), *_scores(candidate, ledger, language)]
    if candidate.dropped:
        lines.append(escaped(text(candidate.dropped, language)))
    if candidate.number is None:
        return "\n".join([lines[0], *(f"- {line}" for line in lines[1:])])
    cited = any(c.valid and c.number == candidate.number for c in ledger.citations)
    lines.append(label("export.cited" if cited else "export.not_cited", language))
    lines += [
        text(reason("support.quote", remark=checks.remark(q, language), words=escaped(q.text)), language)
        for _, q in checks.quotes_of(ledger, candidate.number)
    ]
    return "\n".join([f"**\\[{candidate.number}\\]** {lines[0]}", *(f"- {line}" for line in lines[1:])])


def _where(candidate: Candidate, language: Language) -> str:
    """Document, heading path and place of a passage, on one line."""
    chunk = candidate.stored.chunk
    path = HEADING_SEPARATOR.join(chunk.heading_path)
    where = f"**{escaped(source(candidate.stored, language))}**" + (f" › {escaped(path)}" if path else "")
    return f"{where}, {text(reason('export.characters', start=chunk.start, end=chunk.end), language)}"


def _scores(candidate: Candidate, ledger: Ledger, language: Language) -> list[str]:
    scores: list[str] = []
    if candidate.log_odds is not None:
        reranker = ledger.models.get("reranker")
        name = "p_yes" if reranker and reranker.score_name == "p_yes" else "offline"
        values = {"probability": f"{candidate.probability:.3f}", "log_odds": f"{candidate.log_odds:+.2f}"}
        scores.append(text(reason(f"export.score_{name}", **values), language))
    stages: list[tuple[str, Ranked | None, int]] = [
        ("dense", candidate.dense, 3),
        ("full_text", candidate.full_text, 2),
        ("fused", candidate.fused, 4),
    ]
    for name, ranked, digits in stages:
        if ranked:
            why = reason(f"export.score_{name}", score=f"{ranked.score:.{digits}f}", rank=ranked.rank)
            scores.append(text(why, language))
    return scores
