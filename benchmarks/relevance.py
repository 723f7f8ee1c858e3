"""`python -m benchmarks relevance --sets DIR`: the curves that turn the offline reranker's match into log-odds.

The sets are folders of labelled questions in the layout of `python -m rag evaluate`; see `SETS`. Every question gives
its best relevant and its best irrelevant candidate, one that nothing answers the latter alone. Every set counts as much
as any other, and each way to judge gets the logistic curve that fits best. The numbers are printed; they belong into
`rag/models/offline/maxsim.py`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.linear_model import LogisticRegression

from rag.documents.chunking import chunk
from rag.evaluation.dataset import CorpusDocument, Question, read_corpus, read_questions
from rag.evaluation.measures import auc
from rag.models.device import DeviceLock, limit_threads
from rag.models.offline import E5Embedder, MaxSimReranker, MiniLmEmbedder
from rag.models.offline.keywords import keyword_match
from rag.models.offline.maxsim import BY_KEYWORDS, ENGLISH, OTHER_LANGUAGE, SAME_LANGUAGE, Logistic
from rag.settings import Settings
from rag.store.from_settings import chunk_limits
from rag.text.question import canonical
from rag.types import RetrievalOptions, logit

CANDIDATES = 20
QUESTIONS = 100
"""Questions taken of a set, evenly: more move the curves by less than the choice of sets."""
LEAST = 10
"""Questions from which a way to judge is fitted on a set: a few strays in another language are none."""
WAYS = {ENGLISH.curve: "English", SAME_LANGUAGE.curve: "same language", OTHER_LANGUAGE.curve: "other language"}
KEYWORDS = "keywords"
WAYS |= {BY_KEYWORDS: KEYWORDS}


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A corpus and questions about it."""

    corpus: str
    questions: str
    relevant: str | None = "relevant"
    """Field with the relevant ids; None where nothing in the corpus answers."""
    titles: bool = True


FAQ, XQUAD, CMRC = "milvus_faq_eval", "xquad_dev_half", "cmrc2018_trial"
SETS = {
    "FAQ en": LabelledSet(f"{FAQ}/corpus_en.jsonl", f"{FAQ}/queries_paraphrase_en.jsonl"),
    "FAQ headings en": LabelledSet(f"{FAQ}/corpus_en.jsonl", f"{FAQ}/queries_headings_en.jsonl", titles=False),
    "FAQ zh": LabelledSet(f"{FAQ}/corpus_zh.jsonl", f"{FAQ}/queries_paraphrase_zh.jsonl", "relevant_zh"),
    "FAQ headings zh": LabelledSet(f"{FAQ}/corpus_zh.jsonl", f"{FAQ}/queries_headings_zh.jsonl", titles=False),
    "FAQ zh on en": LabelledSet(f"{FAQ}/corpus_en.jsonl", f"{FAQ}/queries_paraphrase_zh.jsonl"),
    "CMRC zh": LabelledSet(f"{CMRC}/corpus_zh.jsonl", f"{CMRC}/queries_zh.jsonl"),
    "far: CMRC zh on XQuAD en": LabelledSet(f"{XQUAD}/corpus_en.jsonl", f"{CMRC}/queries_zh.jsonl", None),
    "far: XQuAD zh on FAQ en": LabelledSet(f"{FAQ}/corpus_en.jsonl", f"{XQUAD}/queries_zh.jsonl", None),
    "far: XQuAD ru on FAQ en": LabelledSet(f"{FAQ}/corpus_en.jsonl", f"{XQUAD}/queries_ru.jsonl", None),
    **{
        f"XQuAD {asked}" + (f" on {read}" if asked != read else ""): LabelledSet(
            f"{XQUAD}/corpus_{read}.jsonl", f"{XQUAD}/queries_{asked}.jsonl"
        )
        for asked, read in [
            *((one, one) for one in ("en", "zh", "de", "es", "ru", "ar", "th", "vi", "hi")),
            *(("zh", "en"), ("en", "zh"), ("de", "en"), ("vi", "en"), ("ru", "de")),
        ]
    },
}


@dataclass(slots=True)
class Matches:
    """The best matches of one set: of each question its best relevant and its best irrelevant candidate."""

    relevant: list[float] = field(default_factory=list)
    irrelevant: list[float] = field(default_factory=list)


def main(options: argparse.Namespace) -> None:
    """Fit the curves and print them, with what the default threshold does to each set."""
    limit_threads(1)
    lock = DeviceLock()
    every, english = E5Embedder.load(lock=lock), MiniLmEmbedder.load(lock=lock)
    both, alone = MaxSimReranker(english, every), MaxSimReranker(english)
    found: dict[str, dict[str, Matches]] = defaultdict(dict)
    for name, one in SETS.items():
        corpus = read_corpus(options.sets / one.corpus)
        questions = read_questions(options.sets / one.questions, relevant=one.relevant)
        questions = [question for question in questions if question.relevant or one.relevant is None]
        rows = _chunks(every, corpus, titles=one.titles)
        ways = _matches(every, both, rows, questions)
        if " on " not in name:  # words do not cross from one language into another
            ways |= {KEYWORDS: _matches(every, alone, rows, questions)[KEYWORDS]}
        for way, matches in ways.items():
            if len(matches.relevant if one.relevant else matches.irrelevant) >= LEAST:
                found[way][name] = matches
        print(f"{name}: {len(questions)} questions, {len(rows)} chunks", flush=True)
    for way, sets in found.items():
        curve = fitted(list(sets.values()))
        print(f"\n{way}: Logistic(steepness={curve.steepness:.1f}, even={curve.even:.3f})")
        for name, matches in sets.items():
            print(f"  {name}: {_at_threshold(matches, curve)}")


def _chunks(every: E5Embedder, corpus: Sequence[CorpusDocument], *, titles: bool) -> list[tuple[str, str]]:
    """(document, embedded text) of every chunk, cut as the product cuts by default."""
    limits = chunk_limits(Settings(), every)
    return [
        (row.id, piece.embedded_text)
        for row in corpus
        for piece in chunk(
            row.source(with_title=titles).data.decode("utf-8"), count_tokens=every.count_tokens, limits=limits
        )
    ]


def _matches(
    every: E5Embedder, reranker: MaxSimReranker, rows: Sequence[tuple[str, str]], questions: Sequence[Question]
) -> dict[str, Matches]:
    """The best matches of the questions, by the way in which they were judged."""
    texts = [text for _, text in rows]
    vectors = every.embed_documents(texts)
    found: dict[str, Matches] = defaultdict(Matches)
    for question in questions[:: max(1, len(questions) // QUESTIONS)]:
        dense = vectors @ every.embed_query(question.text, instruction="")[0]
        words = np.array(keyword_match(canonical(question.text), texts))
        among = list(dict.fromkeys([*np.argsort(-dense)[:CANDIDATES], *np.argsort(-words)[:CANDIDATES]]))
        best: dict[tuple[str, bool], float] = {}
        for at, match, curve in reranker.matched(question.text, [texts[i] for i in among]):
            key = WAYS[curve], rows[among[at]][0] in question.relevant
            best[key] = max(match, best.get(key, match))
        for (way, relevant), match in best.items():
            (found[way].relevant if relevant else found[way].irrelevant).append(match)
    return found


def fitted(sets: Sequence[Matches]) -> Logistic:
    """The logistic curve that tells relevant from irrelevant matches best, every set and both sides counting alike."""
    sides = [(side, label) for one in sets for side, label in ((one.relevant, 1), (one.irrelevant, 0)) if side]
    matches = np.concatenate([side for side, _ in sides])
    labels = np.concatenate([np.full(len(side), label) for side, label in sides])
    weights = np.concatenate([np.full(len(side), 1000 / len(side)) for side, _ in sides])
    middle, spread = matches.mean(), matches.std()
    fit = LogisticRegression(C=1e6, max_iter=1000).fit(((matches - middle) / spread)[:, None], labels, weights)
    slope, offset = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    return Logistic(slope / spread, middle - offset / slope * spread)


def _at_threshold(matches: Matches, curve: Logistic) -> str:
    """What the default threshold does where the answer is among the candidates, and where only near misses are."""
    least = logit(RetrievalOptions().threshold)
    answered = f"answered wrongly {np.mean([curve.log_odds(match) >= least for match in matches.irrelevant]):.1%}"
    if not matches.relevant:
        return answered
    refused = np.mean([curve.log_odds(match) < least for match in matches.relevant])
    return f"{answered}, refused wrongly {refused:.1%}, AUC {auc(matches.relevant, matches.irrelevant):.3f}"
