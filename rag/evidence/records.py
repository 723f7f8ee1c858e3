"""The record of an answer as JSON, and records of earlier versions as today's. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from rag.events import SEARCH_STAGES
from rag.ledger import RECORD_VERSION, Author, Ledger

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def write(ledger: Ledger) -> str:
    """A ledger as JSON that `read` understands."""
    return _records().dump_json(ledger).decode()


def read(record: str) -> Ledger:
    """The ledger of a JSON record, also of one an older version wrote. Raises ValueError for anything else."""
    return _records().validate_python(upgraded(json.loads(record)))


def upgraded(data: Any) -> Any:
    """A record of any known version in today's shape; what is none is left as it is, for its reader to refuse."""
    if not isinstance(data, Mapping) or "record_version" in data:
        return data
    return _from_first(data)


def _from_first(data: Mapping[str, Any]) -> dict[str, Any]:
    """A record of version 1 in today's shape.

    Version 1 had no number. Its one search stood in the record itself, with all stages in one list.
    """
    kept = {key: value for key, value in data.items() if key not in ("search_query", "author", "retrieval", "stages")}
    search = {
        "number": 1,
        "query": data.get("search_query"),
        "author": data.get("author", str(Author.USER)),
        "options": data.get("options"),
        "stages": [stage for stage in _listed(data) if _of_search(stage)],
        "retrieval": data.get("retrieval"),
    }
    stages = [stage for stage in _listed(data) if not _of_search(stage)]
    return {**kept, "searches": [search], "answer_stages": stages, "record_version": RECORD_VERSION}


def _listed(data: Mapping[str, Any]) -> list[Any]:
    stages = data.get("stages")
    return stages if isinstance(stages, list) else [stages]


def _of_search(stage: Any) -> bool:
    return isinstance(stage, Mapping) and stage.get("stage") in SEARCH_STAGES


@cache
def _records() -> TypeAdapter[Ledger]:
    # Building the validator takes some 50 ms; importing pydantic here keeps the import of this module free of it.
    from pydantic import TypeAdapter

    return TypeAdapter(Ledger)
