"""Which tests go to the same worker of `make test`. Imported only where there are several."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/store/"
"""One server serves them all."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay together, as they share what they set up; so do all that are about the store."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]
