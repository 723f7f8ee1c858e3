"""Which tests go to the same worker of `make test`. Imported only where there are several."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

TOP = PurePosixPath("tests")


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """A folder's tests stay together, as they share a server or a browser; so do those of any other file."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return str(file if file.parent == TOP else file.parent)
