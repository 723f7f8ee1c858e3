"""The profile that needs no hub: a packaged English model, and keywords for other languages.

package     where the packaged model lies, and whether it is the one that was measured
encoder     the layers of both models; affine: their products, in the fastest number type
minilm, e5  the embedders: one vector per text, or one per word piece
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
