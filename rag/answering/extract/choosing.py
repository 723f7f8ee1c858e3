"""Choice of the quotes of an answer: the window that answers, and at most two more that add something. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.retrieval.names import doubted
from rag.retrieval.suggestions import lacking
from rag.text.codes import Weight
from rag.text.identifiers import Identifier, holds
from rag.text.reading import BlockKind
from rag.text.terms import terms
from rag.types import Candidate, Named

from .excerpts import Excerpt, excerpt
from .scoring import Scored
from .units import Passage, Unit
from .wording import asks, leads, letters, points

QUOTES = 3
MARGIN = 0.25
"""Quotes this far below the best one say nothing it does not say."""
MARGIN_JUDGED = 0.4
"""The same where a reranker has read the quotes: what it says of them spreads the scores."""
SURE = 0.3
"""Least sureness that a question is answered. On the development sets 5 % of the answers that hold the fact are below,
and 32 % of those made of passages that are only about the topic."""
HELD = 0.5
"""Weight of the share of the question's words that the best quote holds, beside the best probability."""
EVEN, PASSAGE, QUOTE = 1.0, 0.53, 0.75
"""Log-odds that the quotes answer, by those of the best passage and of the best quote: logistic regression on the
development sets, each question once with the document that answers and once without it. Where chances are even, one of
three answers that hold the fact would be doubted: moved by 1, one of six is, and one of three near misses is not."""
UNKNOWN, UNKNOWN_NAME = 0.4, 6.0
"""Log-odds against an answer for each telling word of the question that no passage has, and for each name: a small
folder lacks many words of any language."""
TELLING = 5
"""Letters from which an unknown word counts: shorter ones are slips of the pen."""
WINDOW = 320
"""Letters up to which the sentences that follow the best one are quoted with it."""
ROW = 0.7
"""Share of the question's words that the best row holds from which another row of its table says more."""
MORE = 600
"""Letters of a quote that is added to the one that answers."""
BEFORE = 0.1
"""A sentence before the best one opens the answer where it scores at most this much less."""
OWN_WORDS = 0.1
"""Share of the words of the shorter of two quotes that the other may lack where both say the same."""

NAMES_ONLY = 0.3
"""Share of a row beside its names of code up to which it only lists names."""

_CODE = re.compile(r"`[^`]*`")
_COUNTS = re.compile(r"[\d_]|^(?:not?|never|none|nor|without|不|没|沒|無|无|非|未|勿|别|別)$")
"""A figure, a name of code or a negation: what lacks one says something else."""

_SAYS = re.compile(
    r"\b(?:says?|said|tells?|told|talks?)(?:\s+(?:me|us|you))?\s+about\b|里?是?怎[么麼][说說]|[说說]了什[么麼]",
    re.IGNORECASE,
)


def asks_for_section(question: str, unit: Unit) -> bool:
    """True if the question asks what is said about something, and the headings over `unit` name all of that."""
    left, count = _SAYS.subn(" ", question)
    return bool(count) and not lacking(left, f"{unit.path} {unit.document}")


def answers(scored: Sequence[Scored], contexts: Sequence[Candidate], doubts: float = 0.0) -> bool:
    """True if the quotes, the best first, say what was asked, not only something about it.

    Where nobody judged, they do, and where a passage has the very name that was asked for. `doubts` are log-odds.
    """
    judged = [c for c in contexts if c.probability is not None]
    if not judged or any(c.named is Named.NAME for c in judged):
        return True
    quotes = [one.log_odds for one in scored if one.log_odds is not None]
    if not quotes:
        return max(c.probability or 0.0 for c in judged) + HELD * scored[0].share >= SURE
    passage = max(c.log_odds or 0.0 for c in judged)
    return EVEN + PASSAGE * passage + QUOTE * max(quotes) >= doubts


def doubts(question: str, unknown: Sequence[str], *, foreign: bool = False) -> float:
    """Log-odds against an answer to a question of whose telling words some, `unknown`, stand in no passage.

    Of `foreign` passages none has the words of the question but for its names.
    """
    names = doubted(question, unknown)
    words = [word for word in unknown if not foreign and word not in names and letters(word) >= TELLING]
    return UNKNOWN_NAME * len(names) + UNKNOWN * len(words)


def chosen(scored: Sequence[Scored], found: Sequence[Passage], names: Sequence[Identifier] = ()) -> list[Excerpt]:
    """The quotes of the answer, the one that answers best first. `scored` is in order of its scores.

    Where the best has a name of the question, of `names`, what has none of them says nothing about it.
    """
    if not scored:
        return []
    best = scored[0]
    names = [name for name in names if name.weight is Weight.NAME and _has(best.excerpt, name)]
    answer = [_window(best, scored, found[best.excerpt.passage])]
    margin = MARGIN if best.log_odds is None else MARGIN_JUDGED
    places = QUOTES - 1
    for one in scored[1:]:
        if not places or one.score < best.score - margin:
            break
        known = any(_meets(one.excerpt, other) or _repeats(one.excerpt, other) for other in answer)
        known = known or (_one_table(one.excerpt, best.excerpt) and one.share < ROW * best.share)
        if not known and letters(one.excerpt.text) <= MORE:
            places -= 1  # what adds nothing leaves its place empty: the next one adds less
            answer += [one.excerpt] if _adds(one.excerpt, names) else []
    return answer


def _adds(one: Excerpt, names: Sequence[Identifier]) -> bool:
    """True if a quote may stand beside the one that answers: it says something, sends nobody elsewhere, and is no list
    of names."""
    if all(unit.kind is BlockKind.CODE for unit in one.units):
        return False
    if any(points(unit) for unit in one.units) or (names and not any(_has(one, name) for name in names)):
        return False
    return one.units[0].kind is not BlockKind.ROW or len(_CODE.sub("", one.text)) > NAMES_ONLY * len(one.text)


def _has(one: Excerpt, name: Identifier) -> bool:
    return holds(name, f"{one.units[0].path}\n{one.units[0].label}\n{one.text}")


def _window(best: Scored, scored: Sequence[Scored], passage: Passage) -> Excerpt:
    """The best quote with the sentences of its paragraph that belong to it."""
    one = best.excerpt
    first, last = one.first, one.last
    if one.units[0].kind is BlockKind.PROSE:
        before = next((s for s in scored if s.excerpt.passage == one.passage and s.excerpt.last == first - 1), None)
        if before and before.score >= best.score - BEFORE and _one_block(passage[first - 1], passage[first]):
            first = before.excerpt.first
    while last + 1 < len(passage) and _one_block(passage[last], passage[last + 1]):
        following = passage[last + 1]
        said = sum(letters(unit.text) for unit in passage[first : last + 2])
        if said > WINDOW or leads(following) or points(following) or asks(following):
            break
        last += 1
    return excerpt(passage, one.passage, first, last)


def _one_block(one: Unit, other: Unit) -> bool:
    return one.block == other.block and other.kind is BlockKind.PROSE


def _meets(one: Excerpt, other: Excerpt) -> bool:
    return one.passage == other.passage and one.first <= other.last and other.first <= one.last


def _one_table(one: Excerpt, other: Excerpt) -> bool:
    row, other_row = one.units[0], other.units[0]
    return one.passage == other.passage and row.kind is BlockKind.ROW and row.group == other_row.group


def _repeats(one: Excerpt, other: Excerpt) -> bool:
    """True if one of two quotes says nothing that the other does not say: no word that counts, hardly any other."""
    shorter, longer = sorted((frozenset(terms(one.text)), frozenset(terms(other.text))), key=len)
    missing = shorter - longer
    return len(missing) <= OWN_WORDS * len(shorter) and not any(_COUNTS.search(word) for word in missing)
