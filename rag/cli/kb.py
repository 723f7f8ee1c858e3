"""`python -m rag kb …`: list, create, rename, set up and delete knowledge bases. Needs no model."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from rag.errors import StoreError
from rag.events import Cancel
from rag.knowledge.knowledge_base import OWN, KnowledgeBase, with_values
from rag.knowledge.library import Library
from rag.messages import Language, reason, text
from rag.settings import Settings

from .exits import OK
from .report import plain, profile_lines
from .terminal import as_json


def add_commands(commands: Any) -> None:
    """The `kb` command with its own commands."""
    kb = commands.add_parser("kb", help="list, create, rename, set up or delete knowledge bases")
    kb.set_defaults(run=run)
    own = kb.add_subparsers(dest="kb_command", required=True)
    listing = own.add_parser("list", help="all knowledge bases with their documents")
    listing.add_argument("--json", action="store_true", help="print one JSON array")
    profile = own.add_parser("profile", help="what one is made of: kinds, tags, tables, links, versions")
    profile.add_argument("name", metavar="NAME", nargs="?", default="")
    profile.add_argument("--json", action="store_true", help="print one JSON object")
    create = own.add_parser("create", help="a new one")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--description", default="", metavar="TEXT")
    create.add_argument(
        "--collection", default="", metavar="C", help="over an existing Milvus collection of Plainsight"
    )
    rename = own.add_parser("rename", help="give one another name")
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("to", metavar="NEW")
    change = own.add_parser("set", help="describe one, and say how it is searched; an empty value means the settings'")
    change.add_argument("name", metavar="NAME")
    for option in ("description", "language", *OWN):
        # under a name of its own: the same options of other commands change the settings
        change.add_argument(f"--{option}", dest=f"own_{option}", metavar="VALUE")
    delete = own.add_parser("delete", help="remove one with all its documents")
    delete.add_argument("name", metavar="NAME")
    delete.add_argument("--confirm", metavar="NAME", help="the name once more; otherwise it is asked for")


def run(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Run one of the commands. Raises RagError."""
    from rag.data_folder import opened_library

    with opened_library(settings) as library:
        command = {
            "list": _list,
            "profile": _profile,
            "create": _create,
            "rename": _rename,
            "set": _set,
            "delete": _delete,
        }
        command[args.kb_command](args, library, language)
    return OK


def _list(args: argparse.Namespace, library: Library, language: Language) -> None:
    bases = library.catalogue.all()
    if args.json:
        rows = [{**plain(base), "documents": _documents(library, base)} for base in bases]
        print(as_json(rows))
        return
    for base in bases:
        counted = _documents(library, base)
        named = base.name or text(reason("library.default_name"), language)
        count = "?" if counted is None else str(counted)
        print(text(reason("library.line", name=named, documents=count, collection=base.live), language))
        for line in base.description.splitlines():
            print(f"    {line}")


def _profile(args: argparse.Namespace, library: Library, language: Language) -> None:
    made_of = library.profile(library.catalogue.named(args.name).id, cancel=Cancel())
    print(as_json(plain(made_of)) if args.json else "\n".join(profile_lines(made_of, language)))


def _documents(library: Library, base: KnowledgeBase) -> int | None:
    """Number of documents in the knowledge base; None while Milvus does not say."""
    try:
        return len(library.documents(base.id))
    except StoreError:
        return None


def _create(args: argparse.Namespace, library: Library, language: Language) -> None:
    made = library.catalogue.create(args.name, description=args.description, live=args.collection)
    print(text(reason("library.created", name=made.name, collection=made.live), language))


def _rename(args: argparse.Namespace, library: Library, language: Language) -> None:
    base = library.catalogue.named(args.name)
    renamed = library.catalogue.change(dataclasses.replace(base, name=args.to))
    print(text(reason("library.renamed", name=args.name, to=renamed.name), language))


def _set(args: argparse.Namespace, library: Library, language: Language) -> None:
    base = library.catalogue.named(args.name)
    given = {name: getattr(args, f"own_{name}") for name in ("description", "language", *OWN)}
    changed = with_values(base, {name: value for name, value in given.items() if value is not None})
    library.catalogue.change(changed)
    print(text(reason("library.changed", name=args.name), language))


def _delete(args: argparse.Namespace, library: Library, language: Language) -> None:
    base = library.catalogue.named(args.name)
    asked = text(reason("library.confirm", name=base.name, documents=_documents(library, base) or 0), language)
    library.delete(base.id, typed=args.confirm if args.confirm is not None else _typed(asked))
    print(text(reason("library.deleted", name=base.name), language))


def _typed(asked: str) -> str:
    """The answer typed to a question; "" where nobody is there to type."""
    try:
        return input(f"{asked} ")
    except (EOFError, UnicodeDecodeError):
        return ""
