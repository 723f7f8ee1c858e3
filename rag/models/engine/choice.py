"""The number type a model runs in on this machine, why, and the check that may allow a faster one next time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from rag.events import Cancel
from rag.messages import Reason, reason

from ..device import DeviceLock
from ..numbers import PROBE_SHAPE, NumberType, fastest, probe
from ..products import Linear, Packed, Plain, can_pack
from .embedding import PackedEmbedder
from .gate import GateResult, Progress, judge_embedder, judge_reranker
from .gate_sets import GateSet, digest
from .linears import Int8, int8_is_usable
from .reranking import PackedReranker
from .verdicts import GateResults, verdict_key

Part = Literal["embedder", "reranker"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The number type to load now. `pending` is a faster one that `check` may allow from the next start on."""

    number_type: NumberType
    why: Reason
    speeds: Mapping[NumberType, float]
    """GFLOP/s of a matrix product in each type, per core-second; empty on other devices than the CPU."""
    verdict: GateResult | None = None
    """The verdict on int8 with this model, where it was checked."""
    pending: NumberType | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A model on this machine, as the gate tells them apart."""

    folder: Path
    part: Part
    revision: str
    sets: tuple[GateSet, ...]

    @property
    def key(self) -> str:
        return verdict_key(self.folder, part=self.part, revision=self.revision, sets=digest(self.sets))


def plan(subject: Subject, *, device: str, wanted: str, verdicts: GateResults) -> Plan:
    """`wanted` is `auto` or a number type.

    auto: bf16 on CUDA where it is native, fp32 on other accelerators, and on a CPU the fastest of fp32, bf16 (the type
    the models were published in) and, where its check passed, int8. int8 never runs unchecked, also when asked for.
    """
    if device != "cpu":
        return _accelerated(device, wanted)
    verdict = verdicts.get(subject.key)
    passed = verdict is not None and verdict.passed
    if wanted in (NumberType.FP32, NumberType.BF16) or (wanted == NumberType.INT8 and passed):
        return Plan(NumberType(wanted), reason("engine.chosen", type=wanted), {}, verdict)
    speeds = cpu_speeds()
    best = fastest(speeds, tuple(NumberType))
    allowed = (NumberType.FP32, NumberType.BF16, *((NumberType.INT8,) if passed else ()))
    now = fastest(speeds, allowed)
    if verdict is None and NumberType.INT8 in (best, wanted):
        pending = NumberType.INT8
        return Plan(now, reason("engine.gate_pending", type=pending.value), speeds, None, pending)
    if verdict is not None and not verdict.passed and NumberType.INT8 in (best, wanted):
        return Plan(now, verdict.why, speeds, verdict)
    told = ", ".join(f"{kind.value} {speed:.0f}" for kind, speed in speeds.items())
    return Plan(now, reason("engine.fastest", type=now.value, speeds=f"{told} GFLOP/s"), speeds, verdict)


def check(
    subject: Subject, *, verdicts: GateResults, lock: DeviceLock, cancel: Cancel, progress: Progress
) -> GateResult | None:
    """Run the gate for int8, keep its verdict and return it; None when cancelled.

    Takes minutes of CPU time and the memory of one more model. Its packs wait for everyone else's turn.
    """
    if subject.part == "reranker":
        verdict = judge_reranker(
            lambda kind: PackedReranker.load(
                subject.folder, name="gate", revision="", number_type=kind, lock=lock, urgent=False
            ),
            subject.sets,
            cancel=cancel,
            progress=progress,
        )
    else:
        verdict = judge_embedder(
            lambda kind: PackedEmbedder.load(subject.folder, name="gate", revision="", number_type=kind, lock=lock),
            subject.sets,
            cancel=cancel,
            progress=progress,
        )
    if verdict is not None:
        verdicts.put(subject.key, verdict)
    return verdict


@cache
def cpu_speeds() -> Mapping[NumberType, float]:
    """Speed of each number type, measured once per process, of those with an exact and fast kernel here."""
    weight = torch.randn(PROBE_SHAPE, generator=torch.Generator().manual_seed(0))
    products: dict[NumberType, Linear] = {NumberType.FP32: Packed(weight) if can_pack(torch.float32) else Plain(weight)}
    if can_pack(torch.bfloat16):
        products[NumberType.BF16] = Packed(weight.bfloat16())
    if int8_is_usable():
        products[NumberType.INT8] = Int8(weight)
    with torch.inference_mode():
        return probe(products)


def _accelerated(device: str, wanted: str) -> Plan:
    if wanted in (NumberType.FP32, NumberType.BF16):
        return Plan(NumberType(wanted), reason("engine.chosen", type=wanted), {})
    native = device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
    kind = NumberType.BF16 if native else NumberType.FP32
    return Plan(kind, reason("engine.fastest", type=kind.value, speeds=device), {})
