"""The catalogue of knowledge bases: the name, the retrieval options and the live Milvus collection of each.

A knowledge base keeps its id for ever. Behind it stands one Milvus collection, its `live` one; another can be built
beside it and take its place by `switch`, without anything that names the knowledge base having to change. Collections
nobody needs any more are written down before they are dropped, so that a crash between the two leaves no orphan.
Knows no Milvus: it only tells which collections are to be dropped.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from rag.database import Database
from rag.errors import KeepingError, LibraryError
from rag.messages import reason

from .knowledge_base import NAME_LENGTH, OWN, KnowledgeBase, checked

MIGRATIONS = (
    """
    CREATE TABLE bases (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, live TEXT NOT NULL UNIQUE,
        description TEXT NOT NULL, language TEXT NOT NULL, instruction TEXT NOT NULL, mode TEXT NOT NULL,
        candidates INTEGER, contexts INTEGER, threshold REAL, created REAL NOT NULL
    ) STRICT;
    CREATE TABLE doomed (collection TEXT PRIMARY KEY) STRICT
    """,
    """
    CREATE TABLE beside (base TEXT PRIMARY KEY, building TEXT NOT NULL, former TEXT NOT NULL) STRICT
    """,
    """
    ALTER TABLE bases ADD COLUMN wished TEXT NOT NULL DEFAULT '{}';
    UPDATE bases SET wished = json_patch('{}', json_object('instruction', NULLIF(instruction, ''),
        'mode', NULLIF(mode, ''), 'candidates', candidates, 'contexts', contexts, 'threshold', threshold));
    ALTER TABLE bases DROP COLUMN instruction;
    ALTER TABLE bases DROP COLUMN mode;
    ALTER TABLE bases DROP COLUMN candidates;
    ALTER TABLE bases DROP COLUMN contexts;
    ALTER TABLE bases DROP COLUMN threshold
    """,
)

MOST_BASES = 200
"""Each knowledge base is two Milvus collections. Servers hold tens of thousands, but load every searched one into
memory."""

PREFIX_LENGTH = 180
"""Characters of the default collection's name in the names of the others: a collection's name has 200 at most."""

_COLUMNS = (*(f.name for f in fields(KnowledgeBase) if f.name not in OWN), "wished")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM bases"
_CHANGED = tuple(name for name in _COLUMNS if name not in ("id", "live", "created"))


class Catalog:
    """The knowledge bases of one installation. Safe for many threads.

    The default one is always there, under the name of its collection as id, whether or not anything was kept of it.
    """

    def __init__(self, database: Database, default: str, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self.default = default
        """Id of the default knowledge base, and its collection unless another was made live."""
        self._now = now
        self._last_known = KnowledgeBase(default, "", default)
        database.use("catalogue", MIGRATIONS)

    def all(self) -> list[KnowledgeBase]:
        """The default knowledge base, then the others by name."""
        found = [_base(row) for row in self._database.read(f"{_SELECT} ORDER BY name_key")]
        first = next((base for base in found if base.id == self.default), self._unwritten())
        return [first, *(base for base in found if base.id != self.default)]

    def base(self, id: str = "") -> KnowledgeBase:
        """The knowledge base of an id, "" for the default one. Raises LibraryError when it is not there.

        Documents in Milvus can be asked without the file of the catalogue: without it the default one is as last seen.
        """
        id = id or self.default
        try:
            rows = self._database.read(f"{_SELECT} WHERE id = ?", (id,))
        except KeepingError:
            if id != self.default:
                raise
            return self._last_known
        if not rows and id != self.default:
            raise LibraryError(reason("library.none", name=id[:NAME_LENGTH]))
        found = _base(rows[0]) if rows else self._unwritten()
        if id == self.default:
            self._last_known = found
        return found

    def there(self, id: str) -> bool:
        """True if there is a knowledge base of that id, or if the catalogue's file cannot be read to tell."""
        try:
            return bool(self.base(id))
        except LibraryError:
            return False
        except KeepingError:
            return True

    def named(self, name: str) -> KnowledgeBase:
        """The knowledge base called `name`, or with that id; "" for the default one. Raises LibraryError."""
        for base in self.all():
            if name in ("", base.id) or (base.name and base.called(name)):
                return base
        raise LibraryError(reason("library.none", name=name[:NAME_LENGTH]))

    def create(self, name: str, *, description: str = "", live: str = "") -> KnowledgeBase:
        """A new knowledge base; over an existing collection where one is given as `live`.

        Raises LibraryError for a name that is empty, too long or taken, and when there are too many.
        """
        number = uuid.uuid4().hex[:12]
        live = live or f"{self.default[:PREFIX_LENGTH]}_{number}"
        made = checked(KnowledgeBase(f"kb_{number}", name, live, description, created=self._now()), unnamed=False)
        with self._database.write() as db:
            count = db.execute("SELECT count(*) FROM bases WHERE id != ?", (self.default,)).fetchone()[0]
            if count + 1 >= MOST_BASES:
                raise LibraryError(reason("library.too_many", most=MOST_BASES))
            self._free(db, made)
            _insert(db, made)
        return made

    def change(self, base: KnowledgeBase) -> KnowledgeBase:
        """Keep everything of `base` but its collection; returns it as kept.

        Raises LibraryError when it is not there, or a value is not possible.
        """
        after = checked(base, unnamed=base.id == self.default)
        with self._database.write() as db:
            if not self._written(db, base.id):
                raise LibraryError(reason("library.none", name=base.name[:NAME_LENGTH]))
            self._free(db, after)
            places = ", ".join(f"{name} = ?" for name in (*_CHANGED, "name_key"))
            values = [_stored(after, name) for name in _CHANGED]
            db.execute(f"UPDATE bases SET {places} WHERE id = ?", (*values, after.key, base.id))
        return self.base(base.id)

    def switch(self, id: str, collection: str) -> str:
        """Make `collection` the live one; returns the one that was. That one stays until it is doomed."""
        with self._database.write() as db:
            if not self._written(db, id):
                raise LibraryError(reason("library.none", name=id[:NAME_LENGTH]))
            (before,) = db.execute("SELECT live FROM bases WHERE id = ?", (id,)).fetchone()
            db.execute("UPDATE bases SET live = ? WHERE id = ?", (collection, id))
        return str(before)

    def beside(self, id: str) -> tuple[str, str]:
        """The collection that is being built beside the live one, and the one that was live before it; "" for none."""
        rows = self._database.read("SELECT building, former FROM beside WHERE base = ?", (id,))
        return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")

    def keep_beside(self, id: str, *, building: str = "", former: str = "") -> None:
        """Note which collections stand beside the live one. One that is no longer among them is doomed."""
        before = self.beside(id)
        with self._database.write() as db:
            db.execute("INSERT OR REPLACE INTO beside VALUES (?, ?, ?)", (id, building, former))
        for collection in set(before) - {building, former, "", self.base(id).live}:
            self.doom(collection)

    def delete(self, id: str, *, typed: str) -> KnowledgeBase:
        """Forget a knowledge base and doom its collection; `typed` is its name, as the user wrote it once more.

        Raises LibraryError when it is not there, is the default one, or the name was not typed right.
        """
        base = self.base(id)
        if base.id == self.default:
            raise LibraryError(reason("library.default_stays"))
        if not base.called(typed):
            raise LibraryError(reason("library.typed_wrong", name=base.name))
        gone = {base.live, *self.beside(base.id)} - {""}
        with self._database.write() as db:
            db.execute("DELETE FROM bases WHERE id = ?", (base.id,))
            for collection in sorted(gone):
                db.execute("INSERT OR IGNORE INTO doomed VALUES (?)", (collection,))
            db.execute("DELETE FROM beside WHERE base = ?", (base.id,))
        return base

    def doom(self, collection: str) -> None:
        """Write down that a collection is to be dropped. The live one of a knowledge base cannot be."""
        with self._database.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO doomed SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM bases WHERE live = ?1)",
                (collection,),
            )

    def doomed(self) -> list[str]:
        """Collections that are to be dropped."""
        return [str(row[0]) for row in self._database.read("SELECT collection FROM doomed ORDER BY collection")]

    def dropped(self, collection: str) -> None:
        """Forget a doomed collection, which is gone now."""
        with self._database.write() as db:
            db.execute("DELETE FROM doomed WHERE collection = ?", (collection,))

    def _unwritten(self) -> KnowledgeBase:
        return KnowledgeBase(self.default, "", self.default)

    def _written(self, db: sqlite3.Connection, id: str) -> bool:
        """True if there is a row to change; the default knowledge base's is made now where it is missing."""
        if db.execute("SELECT 1 FROM bases WHERE id = ?", (id,)).fetchone():
            return True
        if id != self.default:
            return False
        _insert(db, replace(self._unwritten(), created=self._now()))
        return True

    def _free(self, db: sqlite3.Connection, base: KnowledgeBase) -> None:
        """Raise LibraryError when another knowledge base has the name or the collection."""
        if db.execute("SELECT 1 FROM bases WHERE name_key = ? AND id != ?", (base.key, base.id)).fetchone():
            raise LibraryError(reason("library.name_taken", name=base.name))
        others = {str(row[0]) for row in db.execute("SELECT live FROM bases WHERE id != ?", (base.id,))}
        if base.live in others | ({self.default} if base.id != self.default else set()):
            raise LibraryError(reason("library.collection_taken", collection=base.live))


def _base(row: tuple[object, ...]) -> KnowledgeBase:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    kept: dict[str, Any] = json.loads(values.pop("wished"))
    wished = {name: OWN[name].typed(value) for name, value in kept.items() if name in OWN}
    return KnowledgeBase(**values, **wished)


def _insert(db: sqlite3.Connection, base: KnowledgeBase) -> None:
    values = [_stored(base, name) for name in _COLUMNS]
    columns = ", ".join((*_COLUMNS, "name_key"))
    db.execute(f"INSERT INTO bases ({columns}) VALUES ({', '.join('?' * (len(values) + 1))})", (*values, base.key))


def _stored(base: KnowledgeBase, name: str) -> object:
    return json.dumps(base.wished, ensure_ascii=False) if name == "wished" else getattr(base, name)
