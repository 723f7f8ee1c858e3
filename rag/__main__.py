"""`python -m rag COMMAND`: the same events as the page, printed. Knows no page."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from . import backup, kb, reindex, report
from . import commands as saved
from .errors import RagError
from .events import Cancel, Delta, DocumentOutcome, Retrieved, StageEvent
from .ledger import Answered, Outcome
from .messages import Language, label, reason, text
from .request import Request
from .service import Service
from .settings import Settings, environment, unknown
from .types import Mode, RetrievalOptions

OK, FAILED, ABSTAINED = 0, 1, 3
"""Exit codes; 2 is argparse's for a wrong command line."""

OVERRIDES = {
    "mode": "RAG_MODE",
    "candidates": "RAG_CANDIDATES",
    "contexts": "RAG_CONTEXTS",
    "threshold": "RAG_THRESHOLD",
    "instruction": "RAG_INSTRUCTION",
}
"""Options that are settings for one command; the settings check their bounds."""


def parser() -> argparse.ArgumentParser:
    """The command line; the README's commands are parsed with it in a test."""
    top = argparse.ArgumentParser(prog="python -m rag", description="Plainsight from the command line.")
    top.add_argument("--language", choices=("en", "zh"), default="en", help="language of messages")
    top.add_argument("--verbose", action="store_true", help="log what happens")
    commands = top.add_subparsers(dest="command", required=True)

    ingest = commands.add_parser("ingest", help="add or update Markdown files, folders or zips")
    ingest.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    ingest.add_argument("--watch", action="store_true", help="go on, and keep one folder in step until Ctrl+C")
    ingest.add_argument("--moves", action="store_true", help="a file that was moved or renamed takes its old place")
    _add_kb(ingest)
    ingest.set_defaults(run=run_ingest)

    for name, run, about in (
        ("ask", run_ask, "answer a question with citations"),
        ("search", run_search, "show the evidence without an answer"),
    ):
        asking = commands.add_parser(name, help=about)
        asking.add_argument("question")
        asking.add_argument("--mode", choices=tuple(Mode), help="first-stage search")
        asking.add_argument("--candidates", metavar="N", help="candidates per search")
        asking.add_argument("--contexts", metavar="N", help="most contexts kept")
        asking.add_argument("--threshold", metavar="P", help="least probability of a context")
        asking.add_argument("--instruction", metavar="TEXT", help="task told to the Qwen3 models")
        asking.add_argument(
            "--kb", action="append", default=[], metavar="NAME", help="search this knowledge base; may be repeated"
        )
        asking.add_argument(
            "--document", action="append", default=[], metavar="NAME",
            help="search only in this one, or in a folder: FOLDER/; may be repeated",
        )  # fmt: skip
        asking.add_argument("--no-rerank", action="store_true", help="leave the reranker out")
        asking.add_argument("--json", action="store_true", help="print one JSON object")
        asking.set_defaults(run=run)

    documents = commands.add_parser("documents", help="list the documents")
    documents.add_argument("--json", action="store_true", help="print one JSON array")
    _add_kb(documents)
    documents.set_defaults(run=run_documents)

    delete = commands.add_parser("delete", help="remove documents with their vectors")
    delete.add_argument("names", nargs="+", metavar="NAME")
    _add_kb(delete)
    delete.set_defaults(run=run_delete)

    kb.add_commands(commands)

    doctor = commands.add_parser("doctor", help="check versions, models, Milvus, locks and disk, and say what to fix")
    doctor.set_defaults(run=run_doctor)

    evaluate = commands.add_parser("evaluate", help="measure retrieval on labelled questions")
    evaluate.add_argument("--corpus", type=Path, required=True, metavar="C.jsonl")
    evaluate.add_argument("--queries", type=Path, required=True, metavar="Q.jsonl")
    evaluate.add_argument("--relevant", default="relevant", metavar="FIELD", help="field with the relevant ids")
    evaluate.add_argument("--unanswerable", type=Path, metavar="U.jsonl", help="questions nothing answers")
    evaluate.add_argument("--without-titles", action="store_true", help="index texts without their titles")
    evaluate.add_argument("--json", type=Path, metavar="OUT", help="also write the numbers to a file")
    evaluate.set_defaults(run=run_evaluate)

    backup.add_commands(commands)
    reindex.add_commands(commands)
    saved.add_commands(commands)
    return top


def _add_kb(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a `RagError` becomes one line on stderr and exit code 1."""
    args = parser().parse_args(argv)
    language: Language = args.language
    try:
        given = {name: getattr(args, option, None) for option, name in OVERRIDES.items()}
        env = {**environment(Path.cwd()), **{name: value for name, value in given.items() if value}}
        settings = Settings.from_env(env)
        logging.basicConfig(level=settings.log_level if args.verbose else "ERROR", format="%(levelname)s %(message)s")
        for why in unknown(env):
            print(text(why, language), file=sys.stderr)
        run: Callable[[argparse.Namespace, Settings, Language], int] = args.run
        return run(args, settings, language)
    except RagError as e:
        print(text(e.reason, language), file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush would fail
        return OK
    except KeyboardInterrupt:
        return FAILED


def run_ingest(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import opened

    bad = 0
    with opened(settings) as service:
        base = service.library.catalogue.named(args.kb).id
        if args.watch:
            return _watch(args.paths, base, service, settings, language)
        for event in service.ingest(service.sources(args.paths), cancel=Cancel(), base=base, moves=args.moves):
            line = report.ingest_line(event, language)
            if line:
                print(line, flush=True)
                bad += event.reason is not None
    return FAILED if bad else OK


def _watch(paths: Sequence[Path], base: str, service: Service, settings: Settings, language: Language) -> int:
    """Keep one folder in step until the user ends it."""
    from .build import kept_in
    from .watching import Folder, Gone, Watched

    if len(paths) != 1:
        raise RagError(reason("watching.no_folder", path=", ".join(map(str, paths))))
    cancel = Cancel()
    folder = Folder(paths[0], base, service, Watched(kept_in(settings)))
    print(text(reason("watching.watching", path=str(paths[0])), language), file=sys.stderr)
    for event in folder.follow(lambda: folder.changes(cancel), cancel=cancel):
        if isinstance(event, Gone):
            lines = [text(reason("watching.gone", name=name), language) for name in event.names]
        else:
            lines = [] if event.outcome is DocumentOutcome.UNCHANGED else [report.ingest_line(event, language)]
        for line in filter(None, lines):
            print(line, flush=True)
    return OK


def run_search(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import opened

    with opened(settings) as service:
        info = service.runtime.models().reranker.info
        for event in service.search(args.question, _options(args, service), cancel=Cancel()):
            if isinstance(event, Retrieved):
                found = event.retrieval
            elif isinstance(event, StageEvent) and not args.json and (line := report.stage_line(event, language)):
                print(line, file=sys.stderr)
    if args.json:
        print(json.dumps({**report.plain(found), "score_name": info.score_name}, ensure_ascii=False, indent=2))
    else:
        print(report.evidence(found, info.score_name, language))
    return OK if found.contexts else ABSTAINED


def run_ask(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import opened

    with opened(settings) as service:
        for event in service.ask(Request(args.question, options=_options(args, service)), cancel=Cancel()):
            if isinstance(event, Answered):
                ledger = event.ledger
            elif args.json:
                continue
            elif isinstance(event, Delta):
                print(event.text, end="", flush=True)
            elif isinstance(event, StageEvent) and (line := report.stage_line(event, language)):
                print(line, file=sys.stderr)
    if args.json:
        print(json.dumps(report.plain(ledger), ensure_ascii=False, indent=2))
    else:
        model = ledger.models["chat"].name if "chat" in ledger.models else ""
        print(f"\n\n{text(reason(f'report.outcome_{ledger.outcome}', model=model), language)}")
        if ledger.reason:
            print(text(ledger.reason, language))
        if checked := report.checks_of(ledger, language):
            print(checked)
        if ledger.retrieval:
            print(report.evidence(ledger.retrieval, ledger.models["reranker"].score_name, language))
    return {Outcome.ABSTAINED: ABSTAINED, Outcome.FAILED: FAILED}.get(ledger.outcome, OK)


def _options(args: argparse.Namespace, service: Service) -> RetrievalOptions:
    """What the command line says goes over what the knowledge base wants, and that over the settings."""
    scope = tuple(service.library.catalogue.named(name).id for name in args.kb)
    said = {name: getattr(service.settings.retrieval, name) for name in OVERRIDES if getattr(args, name)}
    options = replace(service.defaults(scope), **said)
    return replace(options, collections=scope, documents=tuple(args.document), rerank=not args.no_rerank)


def run_documents(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import opened_library

    with opened_library(settings) as library:
        documents = library.documents(library.catalogue.named(args.kb).id)
    if args.json:
        print(json.dumps(report.plain(documents), ensure_ascii=False, indent=2))
    else:
        print("\n".join(report.document_line(d) for d in documents) or label("report.no_documents", language))
    return OK


def run_delete(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import opened

    with opened(settings) as service:
        count = service.delete(args.names, base=service.library.catalogue.named(args.kb).id)
    if not count:
        raise RagError(reason("report.none_deleted", names=", ".join(args.names)))
    print(text(reason("report.deleted", count=count), language))
    return OK


def run_doctor(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .doctor import examine

    findings = examine(settings)
    for finding in findings:
        print(finding.line(language))
    if all(finding.well for finding in findings):
        print(text(reason("report.all_well"), language))
        return OK
    return FAILED


def run_evaluate(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from . import scoreboard
    from .build import throw_away
    from .evaluation import evaluate
    from .labelled import check_labels, read_corpus, read_questions

    if args.json:
        _check_writable(args.json)
    corpus = read_corpus(args.corpus)
    questions = read_questions(args.queries, relevant=args.relevant)
    check_labels(corpus, questions, args.queries)
    unanswerable = read_questions(args.unanswerable, relevant=None) if args.unanswerable else []
    with throw_away(settings) as service:
        found = evaluate(
            service.runtime.parts(),
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


if __name__ == "__main__":
    sys.exit(main())
