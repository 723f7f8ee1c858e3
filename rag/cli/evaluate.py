"""`python -m rag evaluate`: how good retrieval is on labelled questions, as a table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rag.accounts.actor import OPERATOR
from rag.errors import RagError
from rag.evaluation import scoreboard
from rag.messages import Language, reason
from rag.settings import Settings

from .exits import OK
from .terminal import path


def add_commands(commands: Any) -> None:
    """The `evaluate` command."""
    evaluate = commands.add_parser("evaluate", help="measure retrieval on labelled questions")
    evaluate.add_argument("--corpus", type=path, required=True, metavar="C.jsonl")
    evaluate.add_argument("--queries", type=path, required=True, metavar="Q.jsonl")
    evaluate.add_argument("--relevant", default="relevant", metavar="FIELD", help="field with the relevant ids")
    evaluate.add_argument("--unanswerable", type=path, metavar="U.jsonl", help="questions nothing answers")
    evaluate.add_argument("--without-titles", action="store_true", help="index texts without their titles")
    evaluate.add_argument("--json", type=path, metavar="OUT", help="also write the numbers to a file")
    evaluate.set_defaults(run=run_evaluate)


def run_evaluate(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import throw_away
    from rag.evaluation.dataset import check_labels, read_corpus, read_questions
    from rag.evaluation.evaluate import evaluate

    if args.json:
        _check_writable(args.json)
    corpus = read_corpus(args.corpus)
    questions = read_questions(args.queries, relevant=args.relevant)
    check_labels(corpus, questions, args.queries)
    unanswerable = read_questions(args.unanswerable, relevant=None) if args.unanswerable else []
    with throw_away(settings) as service:
        found = evaluate(
            service.parts(OPERATOR),
            corpus,
            questions,
            options=settings.retrieval,
            unanswerable=unanswerable,
            with_titles=not args.without_titles,
            progress=_progress,
        )
    print(scoreboard.table(found, language))
    if args.json:
        text_of = json.dumps(scoreboard.as_json(found), ensure_ascii=False, indent=2)
        args.json.write_text(f"{text_of}\n", encoding="utf-8")
    return OK


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
