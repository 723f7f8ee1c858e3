"""An orthogonal change of basis in which no activation sticks out, so that eight bits hold a whole row.

Trained language models carry a few huge activations (attention sinks); a row that holds one loses everything else to
its scale. Multiplying by a Hadamard matrix with random signs spreads such a value over the whole row, and since the
matrix is orthogonal it can be folded into the weights on both sides: the residual stream and the head dimension cost
nothing at run time. Only the input of `down` sits behind a non-linearity and is rotated on the fly.
(QuaRot, Ashkboos et al., 2024, describes the construction.)
"""

from __future__ import annotations

import torch
from torch import Tensor

from .checkpoint import LayerTensors

SEED = 20_240_401
SMALL = 32
"""Width of the inner factor: two products of this width cost a sixteenth of one of 1024."""


def hadamard(size: int) -> Tensor:
    """Orthogonal, symmetric `[size, size]`; `size` must be a power of two."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix.div_(size**0.5)


def power_of_two_in(size: int, *, most: int) -> int:
    """The largest power of two that divides `size`, at most `most`."""
    return min(size & -size, most)


def rotated_columns(matrix: Tensor, block: int) -> Tensor:
    """`matrix @ blockdiag(H, H, …)` for `[…, k * block]`.

    A Hadamard matrix is the Kronecker product of two smaller ones, so two small products do the work of a large one.
    """
    inner = power_of_two_in(block, most=SMALL)
    outer = block // inner
    turned = matrix.reshape(-1, outer, inner) @ hadamard(inner)
    if outer > 1:
        turned = hadamard(outer) @ turned
    return turned.view(matrix.shape)


def rotated_rows(matrix: Tensor, block: int) -> Tensor:
    """`blockdiag(H, H, …) @ matrix` for `[k * block, n]`."""
    return rotated_columns(matrix.T.contiguous(), block).T.contiguous()


class Rotation:
    """The basis of one network: `turn(x) = (x * signs) @ H`, in blocks where `hidden` is no power of two."""

    def __init__(self, hidden: int) -> None:
        generator = torch.Generator().manual_seed(SEED)
        self.signs = torch.randint(0, 2, (hidden,), generator=generator).float() * 2 - 1
        self.block = power_of_two_in(hidden, most=4096)

    def turn(self, rows: Tensor) -> Tensor:
        """Rows `[n, hidden]` of the plain basis in the rotated one."""
        return rotated_columns(rows * self.signs, self.block)

    def back(self, rows: Tensor) -> Tensor:
        """The inverse of `turn`."""
        return rotated_columns(rows, self.block) * self.signs

    def layer(self, layer: LayerTensors, *, heads: int, kv_heads: int, head_dim: int) -> LayerTensors:
        """The layer's weights between rotated residual streams; `down` expects its input rotated by `down_block`."""
        head_block = power_of_two_in(head_dim, most=128)
        qk = (heads + kv_heads) * head_dim
        qkv = self.turn(layer.qkv)
        qkv[qk:] = rotated_rows(qkv[qk:], head_block)
        return LayerTensors(
            qkv=qkv,
            out=self._turned_output(rotated_columns(layer.out, head_block)),
            gate_up=self.turn(layer.gate_up),
            down=self._turned_output(rotated_columns(layer.down, down_block(layer.down.shape[1]))),
            head_norm=layer.head_norm,
        )

    def _turned_output(self, matrix: Tensor) -> Tensor:
        return rotated_rows(matrix * self.signs[:, None], self.block)


def down_block(intermediate: int) -> int:
    """Width of the rotation applied to the input of `down` at run time."""
    return power_of_two_in(intermediate, most=128)
