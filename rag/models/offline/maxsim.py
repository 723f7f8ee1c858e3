"""The offline profile's reranker: it scores how well every part of the question is matched somewhere in the passage.

Late interaction (MaxSim of ColBERT, Khattab and Zaharia, SIGIR 2020) over the piece vectors of the packaged embedding
models, which were not trained for it but rank well this way. A question is answered where even its worst matched half
is matched, so that half weighs most: a passage that only shares the topic fails there.

English questions about English passages are judged by the English model, all others by the one that knows a hundred
languages. Where that one is not installed, questions in other languages are judged by their words alone. Every way has
a logistic curve of its own, fitted once, that gives log-odds; all are estimates and named so wherever they are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.status import ModelInfo
from rag.text.language import UNDETERMINED, detect
from rag.text.question import canonical
from rag.text.terms import query_terms, terms
from rag.types import RerankLimits, sigmoid

from ..recent import Recent
from .embedder import Encoded, PackagedEmbedder, digest
from .keywords import keyword_match

REMEMBERED = 10_000
"""Passages whose language is remembered."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of a match: the half of the question's pieces matched better, the other half, cosine of the whole texts,
    and the question's words that the passage holds."""

    better: float
    worse: float
    whole: float
    words: float


@dataclass(frozen=True, slots=True)
class Logistic:
    """log-odds = steepness * (match - even): at `even` a passage is as likely relevant as not.

    Both numbers were fitted on development questions, each giving its best relevant and its best irrelevant passage:
    a probability is about a passage that is already among the best, not about any passage.
    """

    steepness: float
    even: float

    def log_odds(self, match: float) -> float:
        return self.steepness * (match - self.even)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A way to judge: shares of the match, and the curve that belongs to them."""

    shares: Shares
    curve: Logistic


ENGLISH = Judgement(Shares(better=0.25, worse=0.75, whole=0.2, words=0.03), Logistic(steepness=8.4, even=0.64))
"""By all-MiniLM-L6-v2. The shares were chosen by hand on a plateau: with 0.65 to 1 for the worse half, 0.2 to 0.4 for
the whole and 0.03 to 0.1 for the words, nDCG@10 moved by less than 0.01 on every English development set."""
SAME_LANGUAGE = Judgement(Shares(better=0.5, worse=0.5, whole=0.0, words=0.2), Logistic(steepness=17.3, even=0.696))
OTHER_LANGUAGE = Judgement(Shares(better=0.5, worse=0.5, whole=0.0, words=0.05), Logistic(steepness=16.2, even=0.47))
"""By multilingual-e5-small, where question and passage are in one language, and where they are not. Its worst matched
pieces say no more than the others: with 0.5 to 0.8 for the worse half, mean nDCG@10 over eleven development sets in
eight languages moved by 0.001, over six across languages by 0.005."""
ABROAD = 2.0
"""Log-odds taken from a passage in another language as far as one in the question's own is likely to answer. Each way
to judge is fitted where all passages are in one language; a folder of both holds most facts twice. Over 403 pages in
two languages the first passage held the fact 53 instead of 51 times of 72, the kept ones 67 instead of 65 times."""
BY_KEYWORDS = Logistic(steepness=10.8, even=0.28)
"""For questions in a language that no model here knows."""


class MaxSimReranker:
    """Log-odds that a passage answers the question. The instruction is ignored."""

    def __init__(
        self,
        english: PackagedEmbedder,
        every: PackagedEmbedder | None = None,
        *,
        detect_language: Callable[[str], str] = detect,
    ) -> None:
        """`every` is the model for all other languages, where it is installed."""
        self._english = english
        self._every = every
        self._detect_language = detect_language
        self._languages = Recent[bytes, str](REMEMBERED)

    @property
    def info(self) -> ModelInfo:
        models = [model.info for model in (self._english, self._every) if model]
        name, revision = (" + ".join(parts) for parts in zip(*((m.name, m.revision) for m in models), strict=True))
        return replace(models[0], name=name, revision=revision, languages=(), score_name="offline_estimate")

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        """(position, log-odds) of every text: at once for those seen lately, the others pack by pack."""
        language, own = self._detect_language(canonical(query)), -math.inf
        for position, match, curve in self.matched(query, texts):
            log_odds = curve.log_odds(match)
            if curve is OTHER_LANGUAGE.curve:
                log_odds -= ABROAD * sigmoid(own)
            elif self._language(texts[position]) == language:
                own = max(own, log_odds)
            yield position, log_odds

    def matched(self, query: str, texts: Sequence[str]) -> Iterator[tuple[int, float, Logistic]]:
        """(position, match, the curve for it) of every text."""
        query = canonical(query)
        language = self._detect_language(query)
        if self._every is None and language not in self._english.info.languages:
            for position, match in enumerate(keyword_match(query, texts)):
                yield position, match, BY_KEYWORDS
            return
        for (model, judgement), positions in self._grouped(language, texts).items():
            for at, match in matches(model, judgement.shares, query, [texts[position] for position in positions]):
                yield positions[at], match, judgement.curve

    def _grouped(self, language: str, texts: Sequence[str]) -> dict[tuple[PackagedEmbedder, Judgement], list[int]]:
        """The model that judges and how -> the positions of the texts that are for it; other languages last."""
        if self._every is None:
            return {(self._english, ENGLISH): list(range(len(texts)))}
        groups: dict[tuple[PackagedEmbedder, Judgement], list[int]] = {}
        for position, text in enumerate(texts):
            same = self._language(text) in (language, UNDETERMINED)
            if same and language in self._english.info.languages:
                way = self._english, ENGLISH
            else:
                way = self._every, SAME_LANGUAGE if same else OTHER_LANGUAGE
            groups.setdefault(way, []).append(position)
        return dict(sorted(groups.items(), key=lambda group: group[0][1] is OTHER_LANGUAGE))

    def _language(self, text: str) -> str:
        key = digest(text)
        known = self._languages.get(key)
        if known is None:
            self._languages.put(key, known := self._detect_language(text))
        return known


def matches(model: PackagedEmbedder, shares: Shares, query: str, texts: Sequence[str]) -> Iterator[tuple[int, float]]:
    """(position, match) of every text, before the logistic curve."""
    if not texts:
        return
    asked, words = model.question(query), frozenset(query_terms(query))
    for group in model.passages(texts, urgent=True):
        for position, passage in group.items():
            yield position, match(asked, passage, shares, _held(words, texts[position]))


def match(question: Encoded, passage: Encoded, shares: Shares, held: float) -> float:
    """How well a passage matches: near 0 nothing in common, above 1 nearly the same words.

    `held` is the share of the question's words that the passage holds.
    """
    rest = shares.whole * float(question.vector @ passage.vector) + shares.words * held
    if not len(question.pieces) or not len(passage.pieces):
        return rest
    similar = question.pieces.astype(np.float32) @ passage.pieces.astype(np.float32).T
    best = np.sort(similar.max(axis=1))
    half = max(1, len(best) // 2)
    worse = float(best[:half].mean())
    better = float(best[half:].mean()) if len(best) > half else worse
    return shares.worse * worse + shares.better * better + rest


def _held(asked: frozenset[str], text: str) -> float:
    return len(asked.intersection(terms(text))) / len(asked) if asked else 0.0
