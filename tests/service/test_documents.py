"""Documents as fronts ask for them."""

from __future__ import annotations

from typing import Any

from rag.accounts.actor import SYSTEM
from rag.documents.files import FileLimits
from rag.service.documents import DocumentService
from rag.types import Source


def test_the_sample_handbook_comes_without_a_word_on_the_files_beside_it() -> None:
    nothing: Any = None  # no part of it is needed for that
    documents = DocumentService(nothing, nothing, FileLimits(), None)
    for language in ("en", "zh"):
        found = list(documents.sample(SYSTEM, language))
        assert len(found) == 15 and all(isinstance(each, Source) for each in found)
        assert all(each.name.startswith(f"{language}/") for each in found)
