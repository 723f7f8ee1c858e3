"""The indexes of dense vectors and of full text: their parameters, and the kinds of Milvus that have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import StoreError
from ..messages import reason

if TYPE_CHECKING:
    from .connection import Connection

IndexKind = Literal["auto", "flat", "hnsw", "hnsw_sq", "ivf_sq8", "ivf_rabitq", "diskann"]

FILTERED_LITE_EF = 4096
"""Lite's HNSW filters after searching: with a narrow filter and a usual width it finds hardly anything."""

DISKANN_FEW, DISKANN_PER_HIT = 200, 10
"""Milvus before 2.4 refuses a search list longer than 200 or ten times the hits, whichever is more."""

REFINE_K = 2
"""Hits of the 1-bit codes that are compared again by their 8-bit ones, for each hit that is wanted."""

Param = float | str | bool
SearchParams = Callable[[int, bool], dict[str, Any]]
"""Function that gives the parameters of a search, from the number of hits it fetches and whether it is filtered."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """Kind and parameters of the indexes of a collection. `auto` is exact (flat) on Milvus Lite and HNSW on servers.

    `auto` leaves an existing index as it is; a forced kind or its parameters rebuild one that differs.
    """

    kind: IndexKind = "auto"
    m: int = 16
    ef_construction: int = 200
    ef: int = 128
    """Width of a search in a graph: HNSW, HNSW_SQ and DISKANN."""
    nlist: int = 1024
    nprobe: int = 64
    bm25_k1: float = 1.2
    bm25_b: float = 0.75
    trial_seconds: float = 60.0
    """Seconds a server may take to build an index of a few vectors before one in use is given up for its kind."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index as it is wanted or found: parameters by name."""

    type: str
    params: Mapping[str, Param]

    def serves(self, wanted: Index) -> bool:
        """True if this index does what `wanted` asks; a parameter the server does not report counts as equal."""
        return self.type == wanted.type and all(
            _plain(self.params.get(name, value)) == _plain(value) for name, value in wanted.params.items()
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    type: str
    since: tuple[int, int]
    """First version of a server that has it."""
    on_lite: bool
    """True if Lite really has it. Lite accepts any name, searches without an index, and fails at the next start."""
    build: Callable[[IndexOptions], Mapping[str, Param]]
    everywhere: bool = False
    """True if every server is known to build it. Of other kinds some servers take the name and never finish: see
    `trial.py`."""


def _graph(options: IndexOptions) -> Mapping[str, Param]:
    return {"M": options.m, "efConstruction": options.ef_construction}


_KINDS: Mapping[IndexKind, _Kind] = {
    "flat": _Kind("FLAT", (2, 0), True, lambda o: {}, everywhere=True),
    "hnsw": _Kind("HNSW", (2, 0), True, _graph, everywhere=True),
    "hnsw_sq": _Kind("HNSW_SQ", (2, 5), True, lambda o: {**_graph(o), "sq_type": "SQ8"}),
    "ivf_sq8": _Kind("IVF_SQ8", (2, 0), False, lambda o: {"nlist": o.nlist}),
    "ivf_rabitq": _Kind(
        "IVF_RABITQ", (2, 6), False, lambda o: {"nlist": o.nlist, "refine": True, "refine_type": "SQ8"}
    ),
    "diskann": _Kind("DISKANN", (2, 2), False, lambda o: {}),
}


def dense_index(options: IndexOptions, connection: Connection) -> Index:
    """The index wanted for dense vectors. Raises StoreError when this Milvus has none of that kind."""
    if options.kind not in get_args(IndexKind):
        raise StoreError(reason("store.index_kind", kind=options.kind, kinds=", ".join(get_args(IndexKind))))
    automatic: IndexKind = "flat" if connection.is_lite else "hnsw"
    kind = _KINDS[automatic if options.kind == "auto" else options.kind]
    if connection.is_lite and not kind.on_lite:
        possible = ", ".join(["auto", *(name for name, each in _KINDS.items() if each.on_lite)])
        raise StoreError(reason("store.index_on_lite", kind=options.kind, kinds=possible))
    release = connection.release
    if not connection.is_lite and release is not None and release < kind.since:
        since = ".".join(map(str, kind.since))
        raise StoreError(reason("store.index_too_new", kind=options.kind, version=connection.version, since=since))
    return Index(kind.type, kind.build(options))


def needs_trial(wanted: Index) -> bool:
    """True if a server may take this index and never build it."""
    return wanted.type not in {kind.type for kind in _KINDS.values() if kind.everywhere}


def search_params(index: str, options: IndexOptions, *, is_lite: bool) -> SearchParams:
    """Parameters of searches in an index of this type; only the metric for a type that is not built here."""

    def params(fetch: int, filtered: bool) -> dict[str, Any]:
        width = max(options.ef, fetch, FILTERED_LITE_EF if filtered and is_lite else 0)
        values: dict[str, Param] = {}
        if index in ("HNSW", "HNSW_SQ"):
            values = {"ef": width}
        elif index == "DISKANN":
            values = {"search_list": min(width, max(DISKANN_FEW, DISKANN_PER_HIT * fetch))}
        elif index == "IVF_SQ8":
            values = {"nprobe": options.nprobe}
        elif index == "IVF_RABITQ":
            values = {"nprobe": options.nprobe, "refine_k": REFINE_K}
        return {"metric_type": "IP", "params": values}

    return params


def sparse_index(options: IndexOptions) -> Index:
    """The index wanted for full text."""
    return Index("SPARSE_INVERTED_INDEX", {"bm25_k1": options.bm25_k1, "bm25_b": options.bm25_b})


def _plain(value: Param) -> float | str:
    """A parameter in a form that compares: servers and Lite report numbers and booleans as strings, or not."""
    try:
        return float(value)
    except ValueError:
        return str(value).lower()
