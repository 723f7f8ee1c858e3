"""`python -m rag verify FILE` and `python -m rag marks`: what the page saved or kept, checked or taken along."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from rag.errors import BundleRefused, RagError
from rag.messages import Language, reason, text
from rag.settings import Settings

from .terminal import path

if TYPE_CHECKING:
    from rag.evidence.bundle import Opened
    from rag.evidence.verify import Finding

OK, DIFFERS, NO_EVIDENCE = 0, 1, 2
"""Exit codes of `verify`."""


def add_commands(commands: Any) -> None:
    """Add both commands."""
    verify = commands.add_parser("verify", help="check saved evidence: quotes, hashes, and the documents at hand")
    verify.add_argument("file", type=path, metavar="FILE", help="as saved with an answer, .html or .json")
    verify.add_argument("--without-documents", action="store_true", help="leave the knowledge base alone")
    verify.set_defaults(run=run_verify)

    marks = commands.add_parser("marks", help="count the evidence marked right or wrong, or export it for evaluate")
    marks.add_argument("--export", type=path, metavar="DIR", help="write corpus.jsonl and queries.jsonl there")
    marks.set_defaults(run=run_marks)


def run_verify(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Print every check; the exit code says whether all of them match, or that the file is no saved evidence."""
    from rag.evidence import verify
    from rag.evidence.bundle import opened_file

    try:
        found = opened_file(args.file)
    except BundleRefused as e:
        print(text(e.reason, language), file=sys.stderr)
        return NO_EVIDENCE
    findings = [*verify.examine(found), *_compared(found, args, settings)]
    for finding in findings:
        print(finding.line(language))
    differ = sum(finding.verdict is verify.Verdict.DIFFERS for finding in findings)
    print(text(reason("verify.some_differs", count=differ) if differ else reason("verify.all_matches"), language))
    return DIFFERS if differ else OK


def _compared(found: Opened, args: argparse.Namespace, settings: Settings) -> list[Finding]:
    """Findings about the documents, or the one that there is nothing to compare with."""
    from rag.data_folder import at_hand
    from rag.evidence import verify

    if args.without_documents:
        return [verify.no_knowledge(reason("verify.not_wanted"))]
    try:
        with closing(at_hand(settings)) as knowledge:
            return list(verify.compare(found.bundle, knowledge))
    except RagError as e:
        return [verify.no_knowledge(e.reason)]


def run_marks(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Count the marks, or write them as a labelled set. Raises RagError."""
    from rag.data_folder import kept_in
    from rag.evaluation.from_marks import labelled_set, summary, write_set
    from rag.evidence.marks import Marks

    database = kept_in(settings)
    with closing(database):
        marks = Marks(database).all() if database.path.exists() else []
    if not marks:
        raise RagError(reason("marks.none"))
    if not args.export:
        print("\n".join(text(line, language) for line in summary(marks)))
        return OK
    found = labelled_set(marks)
    corpus, questions = (str(path) for path in write_set(found, args.export))
    counts = {"passages": len(found.corpus), "queries": len(found.queries)}
    print(text(reason("marks.exported", corpus=corpus, questions=questions, **counts), language))
    if found.contested:
        print(text(reason("marks.contested", count=found.contested), language))
    print(text(reason("marks.try", corpus=corpus, questions=questions), language))
    return OK
