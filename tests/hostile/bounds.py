"""A piece of work on a hostile text, in a process forked for it, bounded in processor time and memory.

Not a measurement: the allowance is a hundred times what honest work takes, and what is above it never ends.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from typing import Any

from rag.answering import rewriting, smalltalk
from rag.answering.steps.parts import parts_of
from rag.citations import claims
from rag.citations import markers as citations
from rag.citations.matching import SearchableText
from rag.citations.stream import QuoteSplitter
from rag.documents.chunking import ChunkLimits, chunk, described
from rag.documents.convert import without_files
from rag.documents.files import decode
from rag.errors import RagError
from rag.models.chat.failures import Redactor
from rag.models.chat.thinking import WithoutThinking
from rag.text import language
from rag.text import markdown_spans as prose
from rag.text import terms as lexical
from rag.text.highlight import best_sentence, term_spans
from rag.text.sanitizer import safe_markdown
from rag.text.sentences import sentences
from rag.types import Exchange
from rag.ui.html import markdown
from rag.ui.html.reading.located import located
from tests.support.forking import serve, tell

from .target import SECRET
from .texts import TEXTS

SECONDS = 5
"""Of the processor, for all work on one text."""
MEGABYTES = 1500
"""Of address space beyond what the loaded libraries take."""
DELTA = 40
"""Characters that stream in at once."""

LIMITS = ChunkLimits(max_tokens=240, overlap_tokens=32)
CHIPS = markdown.Chips(1, {1: "a", 2: "b"}, "en")
PASSAGE = "The quick brown fox jumps over the lazy dog. " * 20


def _streamed(text: str) -> None:
    thinking, splitter = WithoutThinking(), QuoteSplitter()
    for at in range(0, len(text), DELTA):
        splitter.feed(thinking.feed(text[at : at + DELTA]))
    splitter.feed(thinking.flush())
    splitter.flush(whole=False)


def _counted(texts: Any) -> list[int]:
    return [len(text) // 4 + 1 for text in texts]


WORK: Mapping[str, Callable[[str], object]] = {
    "decoded": lambda text: decode(text.encode("utf-8", "surrogatepass")),
    "without files": without_files,
    "cut into chunks": lambda text: chunk(text, count_tokens=_counted, limits=LIMITS),
    "described": lambda text: described(text, fallback="x"),
    "indexed": lambda text: lexical.document_terms(text, limit=60_000),
    "searched for": lexical.query_terms,
    "its telling words": lexical.telling_words,
    "its language": language.detect,
    "shown as a document": lambda text: located(text, markdown.SafeRenderer),
    "its sentences": sentences,
    "its best sentence": lambda text: best_sentence("data x", text),
    "its marked words": lambda text: term_spans("data x", text),
    "small talk": smalltalk.kind_of,
    "taken apart": parts_of,
    "a follow-up": lambda text: rewriting.by_rule(text, [Exchange(text, "")]),
    "a rewritten query": rewriting.read_query,
    "streamed": _streamed,
    "made safe": safe_markdown,
    "shown as an answer": lambda text: markdown.answer(text, CHIPS, complete=True),
    "shown while it streams": lambda text: markdown.answer(text, CHIPS, complete=False),
    "its open fence": prose.open_fence,
    "its citations": lambda text: citations.find(text, 3),
    "its statements": claims.statements,
    "its absence": claims.says_nothing_is_there,
    "quoted from": lambda text: SearchableText(text).look_up(text[:200]),
    "looked up": lambda text: SearchableText(PASSAGE).look_up(text),
    "redacted": Redactor(SECRET),
}
"""What is done with text from strangers, by name."""


def work(text: str, size: int) -> None:
    """All work on one text; tells what begins, and what raised something that has no words."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    made = TEXTS[text](size)
    for name, do in WORK.items():
        tell({"began": name})
        try:
            do(made)
        except RagError:
            pass
        except Exception as e:  # any other is what is looked for
            tell({"raised": f"{name}: {type(e).__name__}: {e}"[:200]})
    tell({"done": text})


if __name__ == "__main__":
    for warm in WORK.values():  # what is loaded at first use is loaded once, not in every child
        warm("a word of English")
    serve(work)
