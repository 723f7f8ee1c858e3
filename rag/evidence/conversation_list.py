"""The list of an owner's conversations: all of them, or those that hold the words of a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.database import Database

from .kept import KeptConversation

MOST_LISTED = 500
MOST_WORDS = 8
"""Most words of a search that count."""
BEFORE, PIECE = 30, 200
"""Characters shown before the first word that was found, and in all."""

_HOLDS = r"""(a.question LIKE ? ESCAPE '\' OR a.answer LIKE ? ESCAPE '\')"""
_OF_WORD = rf"""(c.title LIKE ? ESCAPE '\' OR EXISTS (
    SELECT 1 FROM answers a WHERE a.conversation = c.id AND {_HOLDS}))"""
_PIECE = f"""
    SELECT substr(told, max(1, place - {BEFORE}), {PIECE}), place > {BEFORE + 1} FROM (
        SELECT told, instr(lower(told), lower(?)) AS place FROM (
        SELECT CASE WHEN instr(lower(a.question), lower(?)) THEN a.question ELSE a.answer END AS told
        FROM answers a WHERE a.conversation = ? AND {_HOLDS} ORDER BY a.kept_at LIMIT 1))
"""


def listed(database: Database, owner: str, containing: str) -> list[KeptConversation]:
    """The owner's conversations, pinned ones first, else newest first; with `containing`, those whose title or texts
    hold each of its words."""
    words = list(dict.fromkeys(containing.split()))[:MOST_WORDS]
    patterns = [pattern for word in words for pattern in [_pattern(word)] * 3]
    rows = database.read(
        f"""
        SELECT c.id, c.title, c.created, c.updated, (SELECT count(*) FROM answers a WHERE a.conversation = c.id),
            c.pinned
        FROM conversations c WHERE c.owner = ? {"".join(f"AND {_OF_WORD}" for _ in words)}
        ORDER BY c.pinned DESC, c.updated DESC, c.id LIMIT {MOST_LISTED:d}
        """,
        (owner, *patterns),
    )
    return [_line(database, row, words) for row in rows]


def _line(database: Database, row: Sequence[Any], words: Sequence[str]) -> KeptConversation:
    id, title, created, updated, answers, pinned = row
    wanted = next((word for word in words if word.lower() not in title.lower()), "")
    found = _piece(database, id, wanted) if wanted else ""
    return KeptConversation(id, title, created, updated, answers, bool(pinned), found)


def _piece(database: Database, conversation: str, word: str) -> str:
    """What stands around the first place of a word in a conversation."""
    pattern = _pattern(word)
    for told, inside in database.read(_PIECE, (word, word, conversation, pattern, pattern)):
        piece = " ".join(str(told).split())
        return f"…{piece.partition(' ')[2] or piece}" if inside else piece
    return ""


def _pattern(word: str) -> str:
    """What a text that holds the word is like, in SQL."""
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
