"""Which versions of what are running: kept with every answer, so that an old one can be explained."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from . import __version__

LIBRARIES = ("pymilvus", "milvus-lite", "torch", "transformers", "sentence-transformers", "openai")
"""Those whose change may change a result."""


@cache
def versions() -> Mapping[str, str]:
    """Name -> version; a library that is not installed is left out."""
    found = {"plainsight": __version__}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
