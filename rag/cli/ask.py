"""`python -m rag ask` and `search`: the events of an answer, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rag.accounts.actor import OPERATOR
from rag.events import Cancel, Delta, Retrieved, StageEvent
from rag.ledger import Answered, Author, Ledger, Outcome, Request, made
from rag.messages import Language, reason, text
from rag.options import OptionKind, RetrievalOption, ShownIn, applied, of
from rag.service import Service
from rag.settings import Settings
from rag.types import RetrievalOptions
from rag.types.steps import Approach

from . import report
from .exits import ABSTAINED, FAILED, OK
from .terminal import GrowingText, as_json

OVERRIDES = {option.name: option.variable for option in of(shown=ShownIn.COMMAND) if option.variable}
"""Options that are settings for one command; the settings check their bounds."""
METAVARS = {OptionKind.WHOLE: "N", OptionKind.NUMBER: "P", OptionKind.TEXT: "TEXT"}


def add_commands(commands: Any) -> None:
    """Add both commands, with the same options."""
    _add(commands.add_parser("ask", help="answer a question with citations"), run_ask)
    _add(commands.add_parser("search", help="show the evidence without an answer"), run_search)


def _add(asking: argparse.ArgumentParser, run: Callable[[argparse.Namespace, Settings, Language], int]) -> None:
    asking.add_argument("question")
    for option in of(shown=ShownIn.COMMAND):
        _add_option(asking, option)
    asking.add_argument(
        "--kb", action="append", default=[], metavar="NAME", help="search this knowledge base; may be repeated"
    )
    asking.add_argument(
        "--document", action="append", default=[], metavar="NAME",
        help="search only in this one, or in a folder: FOLDER/; may be repeated",
    )  # fmt: skip
    asking.add_argument(
        "--steps", dest="approach", action="store_const", const=str(Approach.STEPS), help="the same as --approach steps"
    )
    asking.add_argument("--json", action="store_true", help="print one JSON object")
    asking.set_defaults(run=run)


def _add_option(asking: argparse.ArgumentParser, option: RetrievalOption) -> None:
    if option.kind is OptionKind.SWITCH:
        asking.add_argument(
            f"--no-{option.name}",
            dest=option.name,
            action="store_const",
            const=False,
            help=f"leave out: {option.about}",
        )
    else:
        choices = option.choices or None
        metavar = None if choices else METAVARS[option.kind]
        asking.add_argument(f"--{option.name}", choices=choices, metavar=metavar, help=option.about)


def run_search(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import opened

    with opened(settings) as service:
        score_name = service.status(OPERATOR).score_name
        options = _options(args, service, settings)
        for event in service.search(OPERATOR, args.question, options, cancel=Cancel()):
            if isinstance(event, Retrieved):
                found = event.retrieval
            elif isinstance(event, StageEvent) and not args.json and (line := report.stage_line(event, language)):
                print(line, file=sys.stderr)
    if args.json:
        print(as_json({**report.plain(found), "score_name": score_name}))
    else:
        if found.query != args.question:
            print(report.searched_for(found.query, Author.SPELLING, language))
        print(report.evidence(found.candidates, score_name, language))
    return OK if found.contexts else ABSTAINED


def run_ask(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import opened

    shown = GrowingText(sys.stdout)
    with opened(settings) as service:
        request = Request(args.question, options=_options(args, service, settings))
        for event in service.ask(OPERATOR, request, cancel=Cancel()):
            if isinstance(event, Answered):
                ledger = event.ledger
            elif args.json:
                continue
            elif isinstance(event, Delta):
                shown.add(event.text, afresh=event.afresh)
            elif isinstance(event, StageEvent) and (line := report.stage_line(event, language)):
                print(line, file=sys.stderr)
    if args.json:
        print(as_json(report.answer(ledger)))
    else:
        shown.end()
        print(f"\n\n{told(ledger, language)}")
    return {Outcome.ABSTAINED: ABSTAINED, Outcome.FAILED: FAILED}.get(ledger.outcome, OK)


def told(ledger: Ledger, language: Language) -> str:
    """The text printed below an answer: how it came about, how it stands up to its sources, and the evidence."""
    model = ledger.models["chat"].name if "chat" in ledger.models else "–"
    lines = [line for step in ledger.steps for line in report.step_lines(step, language)]
    lines.append(text(reason(f"report.outcome_{ledger.outcome}", model=model), language))
    if ledger.reason:
        lines.append(text(ledger.reason, language))
    if ledger.searched and ledger.main.query != ledger.question:
        lines.append(report.searched_for(ledger.main.query, ledger.main.author, language))
    if checked := report.checks_of(ledger, language):
        lines.append(checked)
    reranker = ledger.models.get("reranker")
    for search in made(ledger.searches):
        if len(ledger.searches) > 1:
            lines.append(report.search_line(search, language))
        lines.append(report.evidence(search.candidates, reranker.score_name if reranker else "", language))
    return "\n".join(lines)


def _options(args: argparse.Namespace, service: Service, settings: Settings) -> RetrievalOptions:
    """Options of the question: the command line's go over the knowledge base's, and those over the settings."""
    scope = tuple(service.knowledge_bases.named(OPERATOR, name).id for name in args.kb)
    given = [option for option in of(shown=ShownIn.COMMAND) if getattr(args, option.name) not in ("", None)]
    said = {o.name: o.of(settings.retrieval) if o.variable else getattr(args, o.name) for o in given}
    options = applied(service.knowledge_bases.defaults(OPERATOR, scope), question=said)
    return replace(options, collections=scope, documents=tuple(args.document))
