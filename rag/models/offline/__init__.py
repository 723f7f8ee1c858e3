"""The profile that needs no hub: a packaged English model, keywords for other languages, and verbatim answers.

package     where the packaged model lies, and whether it is the one that was measured
minilm      the embedder: one vector per text, or one per word piece
maxsim      the reranker: late interaction over the word pieces
keywords    the reranker's match by words alone, for languages the model does not know
quotes      Markdown to what can be quoted: a sentence, or an introduction with its list or code
extractive  answers made of quotes
"""

from __future__ import annotations

from rag.answering.extractive import Extractive

from .maxsim import MaxSimReranker
from .minilm import MiniLmEmbedder
from .package import NAME, check_weights, find_folder

__all__ = ["NAME", "Extractive", "MaxSimReranker", "MiniLmEmbedder", "check_weights", "find_folder"]
