"""`python -m rag evaluate`: how good retrieval is on labelled questions, as a table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.accounts.actor import OPERATOR
from rag.errors import RagError
from rag.messages import Language, reason
from rag.settings import Settings
from rag.types.steps import Approach

from .exits import OK
from .terminal import path

if TYPE_CHECKING:
    from rag.evaluation.dataset import CorpusDocument, Question
    from rag.runtime import Parts


def add_commands(commands: Any) -> None:
    """The `evaluate` command."""
    evaluate = commands.add_parser("evaluate", help="measure retrieval on labelled questions")
    evaluate.add_argument("--corpus", type=path, required=True, metavar="C.jsonl")
    evaluate.add_argument("--queries", type=path, required=True, metavar="Q.jsonl")
    evaluate.add_argument("--relevant", default="relevant", metavar="FIELD", help="field with the relevant ids")
    evaluate.add_argument("--unanswerable", type=path, metavar="U.jsonl", help="questions nothing answers")
    evaluate.add_argument("--without-titles", action="store_true", help="index texts without their titles")
    evaluate.add_argument(
        "--approach",
        dest="approaches",
        nargs="+",
        type=Approach,
        choices=list(Approach),
        default=[],
        metavar="APPROACH",
        help="measure whole answers, in one or several of: direct, steps, auto",
    )
    evaluate.add_argument("--json", type=path, metavar="OUT", help="also write the numbers to a file")
    evaluate.set_defaults(run=run_evaluate)


def run_evaluate(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import throw_away
    from rag.evaluation.dataset import check_labels, read_corpus, read_questions

    if args.json:
        _check_writable(args.json)
    corpus = read_corpus(args.corpus)
    questions = read_questions(args.queries, relevant=args.relevant)
    check_labels(corpus, questions, args.queries)
    unanswerable = read_questions(args.unanswerable, relevant=None) if args.unanswerable else []
    measure = _answers if args.approaches else _retrieval
    with throw_away(settings) as service:
        shown, values = measure(args, service.parts(OPERATOR), corpus, questions, unanswerable, settings, language)
    print(shown)
    if args.json:
        args.json.write_text(f"{json.dumps(values, ensure_ascii=False, indent=2)}\n", encoding="utf-8")
    return OK


def _retrieval(
    args: argparse.Namespace, parts: Parts, corpus: Sequence[CorpusDocument], questions: Sequence[Question],
    unanswerable: Sequence[Question], settings: Settings, language: Language,
) -> tuple[str, Any]:  # fmt: skip
    """The order of one search, stage by stage."""
    from rag.evaluation import scoreboard
    from rag.evaluation.evaluate import evaluate

    found = evaluate(
        parts,
        corpus,
        questions,
        options=settings.retrieval,
        unanswerable=unanswerable,
        with_titles=not args.without_titles,
        progress=_progress,
    )
    return scoreboard.table(found, language), scoreboard.as_json(found)


def _answers(
    args: argparse.Namespace, parts: Parts, corpus: Sequence[CorpusDocument], questions: Sequence[Question],
    unanswerable: Sequence[Question], settings: Settings, language: Language,
) -> tuple[str, Any]:  # fmt: skip
    """Whole answers, kind by kind, in the approaches that are asked for."""
    from rag.evaluation import scoreboard
    from rag.evaluation.approaches import asked, asked_as_json, by_kind
    from rag.evaluation.evaluate import ingested

    ingested(parts, corpus, with_titles=not args.without_titles, progress=_progress)
    others = [replace(question, answerable=False, kind=question.kind or "unanswerable") for question in unanswerable]
    found = list(asked(parts, [*questions, *others], args.approaches, options=settings.retrieval, progress=_progress))
    rows = by_kind(found)
    values = {"kinds": [asdict(row) for row in rows], "questions": [asked_as_json(one) for one in found]}
    return scoreboard.approaches_table(rows, language), values


def _check_writable(path: Path) -> None:
    """Before minutes of work, not after. Raises RagError."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as e:
        raise RagError(reason("report.unwritable", path=str(path), detail=e.strerror or type(e).__name__)) from e


def _progress(what: str, done: int, total: int) -> None:
    """A line on stderr for every tenth of the work."""
    if done == total or done % max(1, total // 10) == 0:
        print(f"{what} {done}/{total}", file=sys.stderr, flush=True)
