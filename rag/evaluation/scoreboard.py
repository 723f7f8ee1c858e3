"""An evaluation as a table of text and as JSON. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width

from rag.messages import Language, label, reason, text

from .approaches import KindOutcome
from .evaluate import Evaluation, Reliability
from .measures import MEASURES


def table(found: Evaluation, language: Language) -> str:
    """Measures by stage, then calibration, answers and abstention where they were measured."""
    head = reason("evaluation.head", documents=found.documents, questions=found.questions, unlabelled=found.unlabelled)
    lines = [_models(found), text(head, language), ""]
    if found.questions:
        rows = [[label("evaluation.stage", language), *MEASURES, "n"]] + [
            [label(f"evaluation.{stage}", language), *(f"{means[m]:.3f}" for m in MEASURES), str(found.questions)]
            for stage, means in found.ranking.items()
        ]
        lines += [*_aligned(rows), ""]
    if found.calibration:
        lines += [*_reliability(found.calibration, found.models["reranker"].score_name, language), ""]
    return "\n".join([*lines, *_shares(found, language)]).rstrip()


def approaches_table(rows: Sequence[KindOutcome], language: Language) -> str:
    """Kind by kind what each approach gathered and told."""
    columns = ("kind", "approach", "questions", "whole", "ndcg", "told_right", "told_anyway", "steps", "milliseconds")
    head = [label(f"evaluation.{name}", language) for name in columns]
    lines = [
        [
            label("evaluation.all_kinds", language) if row.kind is None else row.kind or "–",
            str(row.approach),
            str(row.questions),
            _of(row.whole, row.labelled),
            f"{row.ndcg:.3f}" if row.labelled else "–",
            _of(row.right, row.answers),
            _of(row.answered, row.unanswerable),
            f"{row.steps:g}",
            f"{row.milliseconds:.0f}",
        ]
        for row in rows
    ]
    return "\n".join(_aligned([head, *lines]))


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "–"


def as_json(found: Evaluation) -> dict[str, Any]:
    """Everything measured and what was running, in plain values."""
    return dataclasses.asdict(found)


def _models(found: Evaluation) -> str:
    names = dict.fromkeys(f"{info.name}@{info.revision[:12]}" for info in found.models.values())
    o = found.options
    return (
        f"{found.profile}: {', '.join(names)}; {o.mode}, candidates {o.candidates}, contexts {o.contexts}, "
        f"threshold {o.threshold:g}"
    )


def _reliability(found: Reliability, score_name: str, language: Language) -> list[str]:
    """The error in one line, then a row for every tenth of the probability that something falls into."""
    score = label(f"report.{score_name or 'p_yes'}", language)
    code = "evaluation.ece_judged" if found.judged_only else "evaluation.ece"
    head = text(reason(code, score=score, error=f"{found.error:.3f}", pairs=found.pairs), language)
    columns = [score, *(label(f"evaluation.{name}", language) for name in ("mean", "share_right", "right_of"))]
    rows = [
        [f"{b.low:.1f}–{b.high:.1f}", f"{b.mean:.3f}", f"{b.right / b.count:.3f}", f"{b.right}/{b.count}"]
        for b in found.table
    ]
    return [head, *_aligned([columns, *rows])]


def _shares(found: Evaluation, language: Language) -> list[str]:
    lines = []
    if found.answers:
        code = "evaluation.answers_generated" if found.generated else "evaluation.answers_extractive"
        lines.append(_share(code, found.answered_right, found.answers, language))
    if found.several:
        lines.append(_share("evaluation.gathered", found.gathered, found.several, language))
    if a := found.abstention:
        lines += [
            _share("evaluation.refused", a.refused, a.answerable, language, threshold=f"{a.threshold:g}"),
            _share("evaluation.answered", a.answered, a.unanswerable, language, threshold=f"{a.threshold:g}"),
            text(reason("evaluation.auc", auc=f"{a.auc:.3f}"), language),
        ]
    return lines


def _share(code: str, part: int, whole: int, language: Language, **values: str) -> str:
    share = f"{part / whole:.1%}" if whole else "–"
    return text(reason(code, part=part, count=whole, share=share, **values), language)


def _aligned(rows: list[list[str]]) -> list[str]:
    """Lines in columns, the first one to the left, numbers to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [_padded(row[0], widths[0]), *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(cell: str) -> int:
    """Columns on a terminal: ideographs take two."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in cell)
