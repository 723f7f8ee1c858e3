"""The edition of the documents: a number that every change raises, whichever program makes it.

An open page compares it with the one it shows. What was changed is not kept: whoever wants to know reads the documents.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from rag.database import Database
from rag.errors import KeepingError

log = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE edition (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, raised REAL NOT NULL) STRICT
    """,
)

SETTLING_SECONDS = 5.0
"""A Milvus server shows another program's writes after a delay: until then it is worth another look."""


class ChangeCounter:
    """The edition number of all documents over one data folder. Safe for many threads and processes."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now
        database.use("edition", MIGRATIONS)

    def advance(self) -> None:
        """Raise the number: a document was changed. Raises no error: that nobody is told of it costs no document."""
        try:
            with self._database.write() as db:
                db.execute(
                    "INSERT INTO edition VALUES (1, 1, ?) ON CONFLICT DO UPDATE SET number = number + 1, raised = ?",
                    (self._now(), self._now()),
                )
        except KeepingError as e:
            log.warning("open pages do not notice a change: %s", e)

    def state(self) -> tuple[int, bool]:
        """Return the number, and True if it was raised long enough ago for all to see why. Raises KeepingError."""
        rows = self._database.read("SELECT number, raised FROM edition")
        if not rows:
            return 0, True
        number, raised = rows[0]
        return int(str(number)), abs(self._now() - float(str(raised))) >= SETTLING_SECONDS
