"""What both models need of the libraries' own path: padded batches, and words for what cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rag.errors import ModelsError
from rag.messages import reason

from ..memory import in_parts_that_fit, out_of_memory
from ..tokens import batches

Result = TypeVar("Result")


class PaddedBatches:
    """Texts of similar length together, up to `tokens` with their padding; see `batches`."""

    def __init__(self, tokens: int, *, rows: int | None, model: str, in_order: bool = False) -> None:
        self._tokens = tokens
        self._rows = rows
        self._model = model
        self._in_order = in_order

    def run(
        self, lengths: Sequence[int], compute: Callable[[list[int]], Result]
    ) -> Iterator[tuple[Sequence[int], Result]]:
        """(positions, result) of each batch; one that does not fit into memory is tried in halves."""
        for group in batches(lengths, budget=self._tokens, rows=self._rows, in_order=self._in_order):
            yield from in_parts_that_fit(group, compute, model=self._model, tokens=lengths.__getitem__)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Context of loading a model. Raises ModelsError for what libraries raise, and lets a lack of memory through."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError) as e:
        if out_of_memory(e):
            raise
        raise ModelsError(reason("models.unreadable", model=name, error=f"{type(e).__name__}: {e}")) from e
