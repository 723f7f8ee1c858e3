"""The rotation that makes eight bits safe: orthogonal, undone exactly, and it does spread what sticks out."""

from __future__ import annotations

import pytest
import torch

from rag.models.engine.linears import Int8, OnlineRotation
from rag.models.engine.rotation import Rotation, hadamard, power_of_two_in, rotated_columns, rotated_rows


@pytest.mark.parametrize("block", [1, 2, 16, 32, 64, 256, 1024])
def test_columns_and_rows_turn_as_the_matrix_says(block: int) -> None:
    matrix = torch.randn(6, 2 * block, generator=torch.Generator().manual_seed(1))
    dense = torch.kron(torch.eye(2), hadamard(block))
    torch.testing.assert_close(rotated_columns(matrix, block), matrix @ dense, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(rotated_rows(matrix.T.contiguous(), block), dense @ matrix.T, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 128])
def test_the_matrix_is_orthogonal_and_symmetric(size: int) -> None:
    matrix = hadamard(size)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(size), atol=1e-5, rtol=0)
    assert torch.equal(matrix, matrix.T)


@pytest.mark.parametrize("hidden", [64, 80, 1024, 2560])
def test_a_turned_row_comes_back(hidden: int) -> None:
    rows = torch.randn(3, hidden, generator=torch.Generator().manual_seed(2))
    rotation = Rotation(hidden)
    turned = rotation.turn(rows)
    torch.testing.assert_close(turned.norm(dim=1), rows.norm(dim=1))
    torch.testing.assert_close(rotation.back(turned), rows, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(turned, rows)


@pytest.mark.parametrize(("size", "block"), [(3072, 128), (9728, 128), (304, 16), (96, 32), (7, 1)])
def test_blocks_divide_the_width(size: int, block: int) -> None:
    assert power_of_two_in(size, most=128) == block


def test_one_huge_activation_no_longer_drowns_the_row() -> None:
    generator = torch.Generator().manual_seed(3)
    rows, weight = torch.randn(20, 256, generator=generator), torch.randn(64, 256, generator=generator)
    rows[:, 7] = 500.0
    exact = rows @ weight.T
    plain, step = Int8(weight)(rows, None)
    turned, turned_step = Int8(rotated_columns(weight, 128), block=128)(rows, None)
    assert step is not None and turned_step is not None
    # What is left of the small values, once the huge one's share is taken away.
    share = torch.outer(rows[:, 7], weight[:, 7])
    error, turned_error = ((y - exact).norm() / (exact - share).norm() for y in (plain * step, turned * turned_step))
    assert turned_error < error / 2


def test_rows_that_do_not_lie_one_after_another_are_turned_alike() -> None:
    rows = torch.randn(32, 8, generator=torch.Generator().manual_seed(1)).T
    turn = OnlineRotation(16)
    assert torch.equal(turn(rows), turn(rows.contiguous()))
