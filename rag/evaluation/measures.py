"""Measures of ranking and of abstaining. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .dataset import Question

MEASURES = ("nDCG@10", "MRR@10", "Recall@3", "Recall@10", "Hit@1")


def measures(questions: Sequence[Question], run: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Means over all questions, one without any result counting 0; {} without questions."""
    if not questions:
        return {}
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    named = dict(zip(MEASURES, (nDCG @ 10, RR @ 10, R @ 3, R @ 10, Success @ 1), strict=True))
    judged = [ir_measures.Qrel(q.id, document, 1) for q in questions for document in q.relevant]
    ranked = [
        ir_measures.ScoredDoc(q.id, document, -float(rank))
        for q in questions
        for rank, document in enumerate(run.get(q.id, ()), 1)
    ]
    sums = dict.fromkeys(named, 0.0)
    for value in ir_measures.iter_calc(list(named.values()), judged, ranked):
        sums[next(name for name, measure in named.items() if measure == value.measure)] += value.value
    return {name: total / len(questions) for name, total in sums.items()}


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that a positive is above a negative, ties counting half; 0.5 when one side is empty."""
    if not positive or not negative:
        return 0.5
    won = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return won / (len(positive) * len(negative))


def holds_one(answer: str, strings: Sequence[str]) -> bool:
    """True if the answer holds one of the strings, letter case aside; a number only as a whole number."""
    folded = answer.lower()
    return any(_as_whole(string.lower()).search(folded) for string in strings)


def _as_whole(string: str) -> re.Pattern[str]:
    before = r"(?<!\d)(?<!\d[.,])" if string[:1].isdecimal() else ""
    after = r"(?!\d|[.,]\d)" if string[-1:].isdecimal() else ""
    return re.compile(f"{before}{re.escape(string)}{after}")
