"""Fields and indexes of the collections and the fingerprint they carry, with what depends on the kind of Milvus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import reduce
from typing import TYPE_CHECKING, Any

from ..errors import IndexMismatch
from ..messages import Reason, reason
from ..types import Fingerprint
from .indexes import Index, Param
from .limits import HEADINGS_BYTES, LANGUAGE_BYTES, LEAD_BYTES, NAME_BYTES, TEXT_BYTES, TITLE_BYTES

if TYPE_CHECKING:
    from pymilvus import CollectionSchema

    from .connection import Connection

DENSE, SPARSE = "dense", "sparse"
FINGERPRINT = "plainsight.fingerprint"
FIRST_WITH_BM25 = (2, 5)

REGISTRY_SUFFIX = "_registry"


def no_full_text(connection: Connection) -> Reason | None:
    """Reason why this Milvus has no full-text search, None when it has.

    A server that hides its version is taken to have it.
    """
    release = connection.release
    if connection.is_lite or release is None or release >= FIRST_WITH_BM25:
        return None
    return reason("store.no_full_text", version=connection.version)


def chunk_schema(dimension: int, *, full_text: bool, is_lite: bool) -> CollectionSchema:
    """Fields of the collection of chunks."""
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    for name, most in (
        ("document", NAME_BYTES),
        ("sha256", 64),
        ("language", LANGUAGE_BYTES),
        ("headings", HEADINGS_BYTES),
        ("lead", LEAD_BYTES),
        ("text", TEXT_BYTES),
        ("text_hash", 64),
    ):
        schema.add_field(name, DataType.VARCHAR, max_length=most)
    for name in ("chunk", "start", "end", "tokens"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("ingested_at", DataType.DOUBLE)
    # The terms come ready made, so all the analyzer has to do is part them; Lite has no whitespace tokenizer.
    analyzer = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "standard" if is_lite else "whitespace"}}
    schema.add_field("terms", DataType.VARCHAR, max_length=TEXT_BYTES, **(analyzer if full_text else {}))
    schema.add_field(DENSE, DataType.FLOAT_VECTOR, dim=dimension)
    if full_text:
        schema.add_field(SPARSE, DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["terms"],
                output_field_names=[SPARSE],
            )
        )
    return schema


def registry_schema() -> CollectionSchema:
    """Fields of the registry of documents. Milvus demands a vector in every collection: this one is never searched."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    for name, most in (
        ("name", NAME_BYTES),
        ("sha256", 64),
        ("title", TITLE_BYTES),
        ("language", LANGUAGE_BYTES),
        ("leftover", TEXT_BYTES),
    ):
        schema.add_field(name, DataType.VARCHAR, max_length=most)
    for name in ("size", "chunks", "tokens"):
        schema.add_field(name, DataType.INT64)
    for name in ("ingested_at", "touched_at"):
        schema.add_field(name, DataType.DOUBLE)
    schema.add_field(DENSE, DataType.FLOAT_VECTOR, dim=2)
    return schema


def trial_schema(dimension: int) -> CollectionSchema:
    """Fields of a collection that is made to see whether an index can be built."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(DENSE, DataType.FLOAT_VECTOR, dim=dimension)
    return schema


def create(connection: Connection, collection: str, schema: CollectionSchema, properties: Mapping[str, str]) -> None:
    """Create a collection, as yet without indexes."""
    with connection.writing():
        connection.call(
            "create_collection",
            collection_name=collection,
            schema=schema,
            properties=dict(properties),
            consistency_level="Session",
            timeout=connection.loading_seconds,
        )


def drop_one(connection: Connection, collection: str) -> None:
    """Drop a collection if it is there."""
    with connection.writing():
        if connection.call("has_collection", collection_name=collection):
            connection.call("drop_collection", collection_name=collection, timeout=connection.loading_seconds)


def found_index(connection: Connection, collection: str, field: str) -> Index | None:
    """The index of `field`, or None."""
    names = connection.call("list_indexes", collection_name=collection, field_name=field)
    for name in names:
        described = connection.call("describe_index", collection_name=collection, index_name=name) or {}
        if described.get("field_name", field) == field:
            return Index(str(described.get("index_type", "")), _params(described))
    return None


def index_name(field: str) -> str:
    """Name of the index of `field`. Asked to drop any other name, Lite drops all indexes of the collection."""
    return f"{field}_idx"


def ensure_index(
    connection: Connection, collection: str, field: str, wanted: Index, *, metric: str, keep: bool
) -> Index:
    """Make `field` indexed as `wanted`; with `keep`, any index there is will do. Returns the index in use."""
    found = found_index(connection, collection, field)
    if found and (keep or found.serves(wanted)):
        return found
    from pymilvus import MilvusClient

    params = MilvusClient.prepare_index_params()
    # One nested level: written flat, the parameters never reach Lite and its defaults are used silently.
    params.add_index(
        field,
        index_type=wanted.type,
        index_name=index_name(field),
        metric_type=metric,
        params={"params": dict(wanted.params)},
    )
    with connection.writing():
        if found:
            connection.call("release_collection", collection_name=collection)
            connection.call("drop_index", collection_name=collection, index_name=index_name(field))
        # Not waiting: pymilvus sleeps half a second at least, and loading waits for what it needs.
        connection.call(
            "create_index",
            collection_name=collection,
            index_params=params,
            sync=False,
            timeout=connection.loading_seconds,
        )
    return wanted


def load(connection: Connection, collection: str) -> None:
    """Bring a collection into memory: after a restart Lite answers nothing about one that is not."""
    with connection.writing():
        connection.call("load_collection", collection_name=collection, timeout=connection.loading_seconds)


def describe(connection: Connection, collection: str) -> Mapping[str, Any]:
    """Milvus's description of a collection."""
    described: Mapping[str, Any] = connection.call("describe_collection", collection_name=collection)
    return described


def read_fingerprint(description: Mapping[str, Any]) -> Fingerprint | None:
    """The fingerprint in a collection's properties, None when there is none that can be read."""
    stored = description.get("properties", {}).get(FINGERPRINT, "")
    try:
        return Fingerprint(**json.loads(stored))
    except (TypeError, ValueError):
        return None


def fingerprint_property(fingerprint: Fingerprint) -> dict[str, str]:
    """The property that keeps `fingerprint`."""
    return {FINGERPRINT: json.dumps(asdict(fingerprint), ensure_ascii=False)}


def check_fingerprint(collection: str, description: Mapping[str, Any], fingerprint: Fingerprint) -> None:
    """Raise IndexMismatch, naming what differs, unless the collection was made with `fingerprint`."""
    found = read_fingerprint(description)
    if found is None:
        raise IndexMismatch(reason("store.foreign_collection", collection=collection))
    dimension = next(
        (int(f["params"]["dim"]) for f in description["fields"] if f["name"] == DENSE and "dim" in f["params"]), 0
    )
    was, now = asdict(found) | {"dimension": dimension}, asdict(fingerprint)
    different = [reason(f"store.other_{n}", was=str(was[n]), now=str(now[n])) for n in now if was[n] != now[n]]
    if different:
        said = reduce(lambda first, then: reason("store.and_also", first=first, then=then), different)
        raise IndexMismatch(reason("store.mismatch", collection=collection, differences=said))


def _params(described: Mapping[str, Any]) -> dict[str, Param]:
    """Index parameters: servers and Lite report them flat, nested or as JSON, and often as strings."""
    nested = described.get("params", {})
    if isinstance(nested, str):
        nested = json.loads(nested or "{}")
    return {name: value for name, value in {**described, **nested}.items() if isinstance(value, (str, int, float))}
