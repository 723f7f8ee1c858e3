"""`python -m rag COMMAND`: the same events as the page, printed. Knows no page.

Modules that take time to load are imported within `main`, which can be interrupted.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .cli import terminal
from .cli.exits import FAILED, OK

if TYPE_CHECKING:
    from .messages import Language
    from .settings import Settings

NAMED = ("question", "names", "document", "origin", "target")
"""Arguments that may not be empty, besides paths."""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; a test parses the README's commands with it."""
    from .cli import ask, backup, documents, evaluate, kb, reindex, reingest
    from .cli import evidence as saved
    from .messages import FIRST, LANGUAGES

    top = argparse.ArgumentParser(prog="python -m rag", description="Plainsight from the command line.")
    top.add_argument("--language", choices=LANGUAGES, default=FIRST, help="language of messages")
    top.add_argument("--verbose", action="store_true", help="log what happens")
    commands = top.add_subparsers(dest="command", required=True)
    documents.add_commands(commands)
    ask.add_commands(commands)
    kb.add_commands(commands)
    doctor = commands.add_parser("doctor", help="check versions, models, Milvus, locks and disk, and say what to fix")
    doctor.add_argument("--deep", action="store_true", help="look at every row in Milvus, too: a minute for 100,000")
    doctor.set_defaults(run=run_doctor)
    for owner in (evaluate, backup, reindex, reingest, saved):
        owner.add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error becomes one line on stderr and exit code 1."""
    return terminal.ended(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    from .errors import RagError
    from .messages import label, reason, text

    args = parser().parse_args(argv)
    language: Language = args.language
    try:
        code = _command(args, language)
        terminal.flush()
        return code
    except RagError as e:
        terminal.tell(text(e.reason, language))
    except BrokenPipeError:
        raise
    except OSError as e:
        what = str(e.filename) if e.filename else label("report.output", language)
        terminal.tell(text(reason("report.not_possible", what=what, detail=e.strerror or str(e)), language))
    return FAILED


def _command(args: argparse.Namespace, language: Language) -> int:
    from .cli.ask import OVERRIDES
    from .messages import text
    from .settings import Settings, unknown
    from .settings.environment import environment

    terminal.check(vars(args), named=NAMED)
    given = {name: getattr(args, option, None) for option, name in OVERRIDES.items()}
    env = {**environment(Path.cwd()), **{name: value for name, value in given.items() if value}}
    settings = Settings.from_env(env)
    logging.basicConfig(level=settings.log_level if args.verbose else "ERROR", format="%(levelname)s %(message)s")
    for why in unknown(env):
        print(text(why, language), file=sys.stderr)
    run: Callable[[argparse.Namespace, Settings, Language], int] = args.run
    return run(args, settings, language)


def run_doctor(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .cli.doctor import examine
    from .messages import reason, text

    findings = examine(settings, deep=args.deep)
    for finding in findings:
        print(finding.line(language))
    if all(finding.well for finding in findings):
        print(text(reason("report.all_well"), language))
        return OK
    return FAILED


if __name__ == "__main__":
    terminal.program(main)
