"""Changes since an answer was made: of documents, by content and time, and of models."""

from __future__ import annotations

from collections.abc import Mapping

from rag.ledger import Ledger
from rag.messages import Reason, reason
from rag.protocols import Searchable
from rag.status import ModelInfo

NAMED = 3
"""Changed documents that are named; more are counted."""


class Since:
    """Compares an answer's record with the knowledge bases it searched, given by id, as they are now."""

    def __init__(self, ledger: Ledger, searched: Mapping[str, Searchable], *, default: str) -> None:
        self._ledger = ledger
        now = {(base, d.name): d for base, store in searched.items() for d in store.documents()}
        then = {(c.stored.collection or default, c.stored.document): c.stored.sha256 for c in ledger.candidates}
        other = {key for key, sha256 in then.items() if key not in now or now[key].sha256 != sha256}
        self._changed = other | {key for key, d in now.items() if d.ingested_at > ledger.started_at}

    def document(self, base: str, name: str) -> tuple[Reason, ...]:
        """Change of one document; () where there is none."""
        return (reason("whynot.document_changed", document=name),) if (base, name) in self._changed else ()

    def index(self) -> tuple[Reason, ...]:
        """Changes of all documents. One that was deleted is known only if it was among the candidates."""
        names = sorted(name for _, name in self._changed)
        if not names:
            return ()
        shown = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        return (reason("whynot.index_changed", count=len(names), documents=shown),)

    def models(self, **running: ModelInfo) -> tuple[Reason, ...]:
        """Changes of the models; `running` are those that run now, by part."""
        then = self._ledger.models
        return tuple(
            reason("whynot.other_model", before=then[part].name, now=info.name)
            for part, info in running.items()
            if part in then and (then[part].name, then[part].revision) != (info.name, info.revision)
        )
