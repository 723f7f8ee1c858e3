"""Packs under a token budget, prefixes kept between calls, and memory that runs out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ModelsError
from rag.messages import reason
from rag.models.engine.prefixes import common_prefix
from rag.models.numbers import NumberType, fastest
from rag.models.packing import PackBudget, next_pack

LENGTHS = [5, 3, 9, 1, 1, 20, 4]


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 100))
def test_packs_hold_every_text_once_in_order_and_stay_within_the_budget(lengths: list[int], budget: int) -> None:
    packs = [pack for pack, _ in PackBudget(budget, model="m").run(lengths, lambda p: None)]
    assert [i for pack in packs for i in pack] == list(range(len(lengths)))
    assert all(len(pack) == 1 or sum(lengths[i] for i in pack) <= budget for pack in packs)
    for pack, following in pairwise(packs):
        assert sum(lengths[i] for i in pack) + lengths[following[0]] > budget


def failing_above(tokens: int, error: Callable[[], Exception]) -> tuple[Callable[[list[int]], int], list[int]]:
    """A computation that runs out of memory above so many tokens, and the sizes it was asked for."""
    asked: list[int] = []

    def compute(pack: list[int]) -> int:
        asked.append(sum(LENGTHS[i] for i in pack))
        if asked[-1] > tokens:
            raise error()
        return asked[-1]

    return compute, asked


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(lambda: torch.OutOfMemoryError("CUDA out of memory"), id="device"),
        pytest.param(lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), id="cpu"),
        pytest.param(lambda: RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), id="apple"),
        pytest.param(lambda: MemoryError(), id="python"),
    ],
)
def test_running_out_of_memory_halves_the_packs_and_goes_on(error: Callable[[], Exception]) -> None:
    compute, asked = failing_above(20, error)
    budget = PackBudget(100, model="m")
    packs = [pack for pack, _ in budget.run(LENGTHS, compute)]
    assert [i for pack in packs for i in pack] == list(range(len(LENGTHS)))
    assert asked[:2] == [43, 19]
    assert budget.tokens == 21


def test_a_single_text_that_does_not_fit_is_an_error_with_its_size() -> None:
    compute, _ = failing_above(10, lambda: torch.OutOfMemoryError())
    with pytest.raises(ModelsError) as error:
        list(PackBudget(100, model="m").run(LENGTHS, compute))
    assert error.value.reason == reason("models.out_of_memory", model="m", tokens=20)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    def broken(pack: list[int]) -> int:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(PackBudget(100, model="m").run(LENGTHS, broken))


def test_a_text_above_the_budget_goes_alone() -> None:
    assert next_pack([9, 1, 1], 0, 5) == [0]


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        pytest.param([[1, 2, 3]], 3, id="one row"),
        pytest.param([[1, 2, 3], [1, 2]], 2, id="one is the beginning of the other"),
        pytest.param([[1, 2, 3], [1, 4, 3]], 1, id="they part"),
        pytest.param([[1], [2]], 0, id="nothing"),
        pytest.param([[], [2]], 0, id="empty row"),
    ],
)
def test_common_prefix(rows: list[list[int]], shared: int) -> None:
    assert common_prefix(rows) == shared


ALL = tuple(NumberType)


@pytest.mark.parametrize(
    ("speeds", "allowed", "choice"),
    [
        pytest.param((100, 60, 350), ALL, "int8", id="int8 far ahead"),
        pytest.param((100, 60, 350), ("fp32", "bf16"), "fp32", id="int8 not allowed, bf16 slower"),
        pytest.param((100, 220, 350), ("fp32", "bf16"), "bf16", id="bf16 units"),
        pytest.param((100, 110, 111), ALL, "fp32", id="not worth the rounding"),
        pytest.param((100, 800, 820), ALL, "bf16", id="int8 hardly faster than bf16"),
    ],
)
def test_the_fastest_number_type_worth_its_rounding(
    speeds: tuple[float, float, float], allowed: tuple[str, ...], choice: str
) -> None:
    measured = dict(zip(NumberType, speeds, strict=True))
    assert fastest(measured, tuple(map(NumberType, allowed))) == choice
