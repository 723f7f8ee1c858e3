"""The profile that needs no hub: a packaged English model, and keywords for other languages.

package     where the packaged model lies, and whether it is the one that was measured
minilm      the embedder: one vector per text, or one per word piece
maxsim      the reranker: late interaction over the word pieces
keywords    the reranker's match by words alone, for languages the model does not know
"""

from __future__ import annotations

from .e5 import E5Embedder
from .embedder import PackagedEmbedder
from .maxsim import MaxSimReranker
from .minilm import MiniLmEmbedder
from .package import E5, MINILM, Packaged

__all__ = ["E5", "MINILM", "E5Embedder", "MaxSimReranker", "MiniLmEmbedder", "Packaged", "PackagedEmbedder"]
