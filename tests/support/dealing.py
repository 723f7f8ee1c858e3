"""Which tests go to the same worker of `make test`. Imported only where there are several."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/store/", "tests/models/")
"""Folders whose tests all go to one worker: one server serves those of the store, and the libraries of the models take
seconds to load."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay together, as they share what they set up; so do those of some folders."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])
