"""`python -m rag COMMAND`: the same events as the page, printed. Knows no page."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import ask, backup, documents, evaluate, kb, reindex, reingest
from . import commands as saved
from .errors import RagError
from .exits import FAILED, OK
from .messages import Language, reason, text
from .settings import Settings, environment, unknown


def parser() -> argparse.ArgumentParser:
    """The command line; the README's commands are parsed with it in a test."""
    top = argparse.ArgumentParser(prog="python -m rag", description="Plainsight from the command line.")
    top.add_argument("--language", choices=("en", "zh"), default="en", help="language of messages")
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
    """Run one command; a `RagError` becomes one line on stderr and exit code 1."""
    args = parser().parse_args(argv)
    language: Language = args.language
    try:
        given = {name: getattr(args, option, None) for option, name in ask.OVERRIDES.items()}
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


def run_doctor(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .doctor import examine

    findings = examine(settings, deep=args.deep)
    for finding in findings:
        print(finding.line(language))
    if all(finding.well for finding in findings):
        print(text(reason("report.all_well"), language))
        return OK
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
