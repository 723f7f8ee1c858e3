"""A model folder, a number type and a device -> a `Network` ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import torch
from torch import Tensor

from ..numbers import NumberType
from ..products import Linear, Packed, Plain, can_pack
from .architecture import Architecture, architecture, read_config
from .attention import Attention, BlockAttention, SegmentAttention, VariableLengthAttention
from .checkpoint import Checkpoint, LayerTensors
from .linears import Int8
from .network import Layer, Network, Prefix
from .rotation import Rotation, down_block, power_of_two_in, rotated_columns

MakeLinear = Callable[[Tensor], Linear]


@dataclass(frozen=True, slots=True)
class Assembled:
    """A network with its checkpoint, and the basis of its rows where it is not the plain one."""

    network: Network
    checkpoint: Checkpoint
    rotation: Rotation | None

    def head(self, ids: list[int]) -> Tensor:
        """`[len(ids), hidden]` fp32 rows of the output matrix, final norm folded in, in the network's basis."""
        rows = self.checkpoint.head(ids)
        return rows if self.rotation is None else self.rotation.turn(rows)

    def final(self, rows: Tensor) -> Tensor:
        """The network's last rows `[n, hidden]` as the published model gives them: plain basis, final norm applied."""
        plain = rows.cpu() if self.rotation is None else self.rotation.back(rows)
        return plain * self.checkpoint.final_norm

    def adopted(self, exact: Prefix) -> Prefix:
        """A prefix computed by the same model without rotation, for use with this network."""
        if self.rotation is None:
            return exact
        block = power_of_two_in(self.checkpoint.shape.head_dim, most=128)
        turned = (replace(layer, values=rotated_columns(layer.values, block)) for layer in exact.layers)
        return Prefix(exact.ids, tuple(turned))


def assemble(
    folder: Path,
    number_type: NumberType,
    *,
    device: str = "cpu",
    streamed: bool = False,
    portable: bool = False,
    attention: Attention | None = None,
) -> Assembled:
    """Load the model in `folder`.

    With `streamed` a layer's weights are read from the file each time they are needed: slow to start every pack, but
    next to no memory. `portable` takes the products and the attention that every device has, also on a CPU;
    `attention` stands in for the one that suits the device.
    Raises ModelRejected when the folder is not a model the engine runs.
    """
    shape = architecture(read_config(folder))
    checkpoint = Checkpoint(folder, shape)
    place = torch.device(device)
    rotation = Rotation(shape.hidden) if number_type is NumberType.INT8 else None
    layers: Sequence[Layer] = StreamedLayers(checkpoint, place)
    if not streamed:
        layers = [_layer(checkpoint, index, number_type, rotation, place, portable) for index in range(shape.layers)]
    network = Network(
        shape,
        layers,
        embed=_embed(checkpoint, rotation, place),
        attention=attention or (SegmentAttention() if portable else _attention(number_type, place)),
        device=place,
    )
    return Assembled(network, checkpoint, rotation)


class StreamedLayers(Sequence[Layer]):
    """fp32 layers converted from the file on every look-up."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self._checkpoint = checkpoint
        self._device = device

    def __len__(self) -> int:
        return self._checkpoint.shape.layers

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> list[Layer]: ...
    def __getitem__(self, index: int | slice) -> Layer | list[Layer]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        tensors = self._checkpoint.layer(index)
        is_last = index == len(self) - 1
        return _built(tensors, self._checkpoint.shape, is_last, _Makers(_plain(self._device)), self._device)

    def __iter__(self) -> Iterator[Layer]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True, slots=True)
class _Makers:
    """Makers of linears from weights; the one for `down` may differ from the rest."""

    make: MakeLinear
    down: MakeLinear | None = None


def _layer(
    checkpoint: Checkpoint,
    index: int,
    number_type: NumberType,
    rotation: Rotation | None,
    device: torch.device,
    portable: bool,
) -> Layer:
    shape, tensors = checkpoint.shape, checkpoint.layer(index)
    is_last = index == shape.layers - 1
    if rotation is not None:
        tensors = rotation.layer(tensors, heads=shape.heads, kv_heads=shape.kv_heads, head_dim=shape.head_dim)
        block = down_block(shape.intermediate)
        return _built(tensors, shape, is_last, _Makers(Int8, lambda w: Int8(w, block=block)), device)
    dtype = torch.bfloat16 if number_type is NumberType.BF16 else torch.float32
    packs = device.type == "cpu" and can_pack(dtype) and not portable
    make = _packed(dtype) if packs else _plain(device, dtype)
    return _built(tensors, shape, is_last, _Makers(make), device)


def _built(tensors: LayerTensors, shape: Architecture, is_last: bool, makers: _Makers, device: torch.device) -> Layer:
    make = makers.make
    width = shape.heads * shape.head_dim
    return Layer(
        qkv=make(tensors.qkv[width:] if is_last else tensors.qkv),
        queries=make(tensors.qkv[:width]) if is_last else None,
        out=make(tensors.out),
        gate_up=make(tensors.gate_up),
        down=(makers.down or make)(tensors.down),
        head_norm=tensors.head_norm.to(device),
    )


def _packed(dtype: torch.dtype) -> MakeLinear:
    return lambda weight: Packed(weight.to(dtype))


def _plain(device: torch.device, dtype: torch.dtype = torch.float32) -> MakeLinear:
    return lambda weight: Plain(weight.to(device, dtype))


def _attention(number_type: NumberType, device: torch.device) -> Attention:
    if device.type == "cuda" and number_type is NumberType.BF16:
        return VariableLengthAttention()
    if device.type != "cpu":
        return SegmentAttention()
    rough = number_type is not NumberType.FP32 and can_pack(torch.bfloat16)
    return BlockAttention(torch.bfloat16 if rough else torch.float32)


def _embed(checkpoint: Checkpoint, rotation: Rotation | None, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Rows of the embedding table. On a CPU only these rows of the mapped file are ever read."""
    table = checkpoint.embedding.to(device)

    def rows(ids: Tensor) -> Tensor:
        found = table[ids.to(device)].float()
        return found if rotation is None else rotation.turn(found)

    return rows
