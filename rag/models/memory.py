"""Handling of a device that runs out of memory: tell it from other errors, give back what can be, try less at once.

Imports torch, and is imported by the modules that compute.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from rag.errors import ModelsError
from rag.messages import Reason, reason

log = logging.getLogger(__name__)
Model = TypeVar("Model")
Result = TypeVar("Result")

NO_ROOM = ("can't allocate memory", "MPS backend out of memory")
"""Words of torch's CPU and Apple allocators when memory runs out; both raise a plain RuntimeError."""


def out_of_memory(error: BaseException) -> bool:
    """True if `error` means that memory, of whatever device, ran out."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(said in str(error) for said in NO_ROOM)


def release_memory() -> None:
    """Give back what the failed attempt held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def in_parts_that_fit(
    group: list[int], compute: Callable[[list[int]], Result], *, model: str, tokens: Callable[[int], int]
) -> Iterator[tuple[list[int], Result]]:
    """(positions, result) of the whole group, or of its halves where it does not fit, and so on.

    `tokens` gives the length of one position. Raises ModelsError when a single one does not fit.
    """
    try:
        result = compute(group)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(group) == 1:
            why = reason("models.out_of_memory", model=model, tokens=tokens(group[0]))
            raise ModelsError(why) from error
        log.warning("%s ran out of memory with %d texts at once; trying fewer", model, len(group))
    else:
        yield group, result
        return
    release_memory()  # outside the handler: the error holds on to what the attempt had allocated
    middle = len(group) // 2
    for half in (group[:middle], group[middle:]):
        yield from in_parts_that_fit(half, compute, model=model, tokens=tokens)


def placed(device: str, name: str, load: Callable[[str], Model]) -> tuple[Model, Reason | None]:
    """The model on `device`, or on the CPU where there is no room for it, with the reason in that case.

    Raises ModelsError when the CPU's memory is too small as well.
    """
    try:
        return load(device), None
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if device == "cpu":
            raise ModelsError(reason("engine.no_room", model=name)) from error
    release_memory()
    moved = reason("engine.moved_to_cpu", model=name, device=device)
    log.warning("%s", moved)
    model, _ = placed("cpu", name, load)
    return model, moved
