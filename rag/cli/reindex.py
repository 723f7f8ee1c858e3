"""`python -m rag reindex …`: a new index beside the old one, compared, switched to, and the old one deleted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rag.accounts.actor import OPERATOR
from rag.errors import RagError
from rag.evaluation.dataset import read_questions
from rag.evaluation.index_comparison import Comparison, saved_questions
from rag.events import Cancel
from rag.knowledge.knowledge_base import shown
from rag.messages import Language, reason, text
from rag.service import Service
from rag.settings import Settings

from .exits import FAILED, OK
from .report import ingest_line
from .terminal import path


def add_commands(commands: Any) -> None:
    """The `reindex` command."""
    reindex = commands.add_parser("reindex", help="build a new index beside the old one, after a change of model")
    reindex.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")
    step = reindex.add_mutually_exclusive_group()
    step.add_argument("--compare", action="store_true", help="ask old and new the questions with marked evidence")
    step.add_argument("--switch", action="store_true", help="answer from the new index from now on")
    step.add_argument("--back", action="store_true", help="answer from the earlier index again")
    step.add_argument("--delete-old", action="store_true", help="delete the earlier index")
    reindex.add_argument("--queries", type=path, metavar="Q.jsonl", help="labelled questions to compare with")
    reindex.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """One step. Exit code 1 when a document could not be indexed anew."""
    from rag.build import opened

    with opened(settings) as service:
        base = service.knowledge_bases.named(OPERATOR, args.kb)
        name = shown(base)
        if args.compare:
            _compare(service, base.id, args.queries, language)
        elif args.switch or args.back:
            state = (service.indexes.switch if args.switch else service.indexes.back)(OPERATOR, base.id)
            said = reason("reindexing.switched", name=name, collection=state.base.live, before=state.former)
            print(text(said, language))
        elif args.delete_old:
            gone = service.indexes.delete_former(OPERATOR, base.id)
            print(text(reason("reindexing.deleted", collection=gone), language))
        else:
            return _build(service, base.id, language)
    return OK


def _build(service: Service, base: str, language: Language) -> int:
    bad = 0
    for event in service.indexes.rebuild(OPERATOR, base, cancel=Cancel()):
        if line := ingest_line(event, language):
            print(line, flush=True)
            bad += event.reason is not None
    state = service.indexes.state(OPERATOR, base)
    code = "ready" if state.ready else "unfinished"
    values = (
        {"documents": state.done, "chunks": state.chunks} if state.ready else {"done": state.done, "total": state.total}
    )
    print(text(reason(f"reindexing.{code}", **values), language))
    return FAILED if bad or not state.ready else OK


def _compare(service: Service, base: str, queries: Path | None, language: Language) -> None:
    questions = read_questions(queries) if queries else saved_questions(service.marks.all(OPERATOR))
    if not questions:
        raise RagError(reason("reindexing.no_questions"))
    print(table(service.indexes.compare(OPERATOR, base, questions, cancel=Cancel()), language), end="")


def table(found: Comparison, language: Language) -> str:
    """Measures of both indexes, then the questions whose first right document moved."""
    lines = [f"{'':<12}{text(reason('reindexing.old'), language):>8}{text(reason('reindexing.new'), language):>8}"]
    lines += [f"{name:<12}{found.old[name]:>8.3f}{found.new[name]:>8.3f}" for name in found.new]
    moved = [s for s in found.standings if s.old != s.new]
    lines.append(text(reason("reindexing.moved", moved=len(moved), count=len(found.standings)), language))
    lines += [f"  {s.old or '–'} → {s.new or '–'}  {s.question.text}" for s in moved]
    return "\n".join(lines) + "\n"
