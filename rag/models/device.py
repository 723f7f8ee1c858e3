"""Placement of the models: device, number format, threads, and the queue for turns on the device.

Imports torch only inside functions, so that `prepare_environment` can run before it.
"""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition

from rag.errors import SettingsError
from rag.messages import reason

CALM = {
    "OMP_WAIT_POLICY": "PASSIVE",  # idle OpenMP threads must sleep: spinning ones starve the page on small machines
    "KMP_BLOCKTIME": "0",  # the same for Intel's OpenMP
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime, which the converters load, would note a device id in the home folder
}
CPU_ROWS = 256
"""Tokens from which a CPU multiplies matrices at full speed: larger batches only add padding."""


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Set what libraries read when they are imported, the converters' own too; what the user set already stays."""
    for name, value in CALM.items():
        environ.setdefault(name, value)


@dataclass(frozen=True, slots=True)
class Placement:
    """Device a model runs on. `dtype` is the name of a torch dtype; `threads` counts for the CPU alone.

    `batch_rows` is the number of tokens at which a batch closes, or None where a larger one is faster.
    """

    device: str
    dtype: str
    threads: int
    batch_rows: int | None = None


def choose_placement(*, device: str = "auto", threads: int = 0) -> Placement:
    """The best device, or the one asked for. Raises SettingsError naming RAG_DEVICE when it is not there."""
    there = available_devices()
    if device != "auto" and device.partition(":")[0] not in there:
        raise SettingsError(reason("models.device", value=device, available=", ".join(there)))
    chosen = there[0] if device == "auto" else device
    return Placement(
        device=chosen,
        dtype=_dtype(chosen),
        threads=threads or spare_cores(physical_cores()),
        batch_rows=CPU_ROWS if chosen == "cpu" else None,
    )


def available_devices() -> tuple[str, ...]:
    """Kinds of device torch can use here, best first; the CPU is always last."""
    import torch

    cuda = ("cuda",) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def _dtype(device: str) -> str:
    import torch

    # bfloat16 without matrix units is slower than float32 on CPUs, and float16 overflows on real activations.
    if device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bfloat16"
    return "float32"


def limit_threads(count: int) -> None:
    """Let torch compute with `count` threads. For the whole process; call it before the first forward pass."""
    import torch

    torch.set_num_threads(count)


def spare_cores(cores: int) -> int:
    """Threads that leave one core to the page where there are more than two."""
    return cores - 1 if cores > 2 else max(cores, 1)


def physical_cores(root: Path = Path("/")) -> int:
    """Cores this process may use: hyper-threads counted once, affinity and container limits respected.

    `root` is the file system whose `sys` folder describes the machine. Where it does not, the system's own count holds.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    described = [root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list" for cpu in allowed]
    siblings = {path.read_text().strip() for path in described if path.is_file()}
    cores = len(siblings) or len(allowed)
    quota = root / "sys/fs/cgroup/cpu.max"
    if quota.is_file():
        granted, _, period = quota.read_text().partition(" ")
        if granted != "max":
            cores = min(cores, max(1, int(granted) // int(period)))
    return max(cores, 1)


class DeviceLock:
    """One forward pass at a time, in order of arrival, and questions before documents.

    `threading.Lock` is not fair: a loop that releases and takes it again never lets a waiting question in. As a
    context manager the lock is an ordinary turn; `turn(urgent=True)` goes before all waiting ordinary ones.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._tickets = itertools.count()
        self._waiting: list[tuple[bool, int]] = []
        self._busy = False

    @property
    def waiting(self) -> int:
        """Number of threads in the queue now."""
        return len(self._waiting)

    def acquire(self, *, urgent: bool = False) -> None:
        """Wait for a turn."""
        with self._changed:
            ticket = (not urgent, next(self._tickets))
            heapq.heappush(self._waiting, ticket)
            try:
                self._changed.wait_for(lambda: not self._busy and self._waiting[0] == ticket)
                self._busy = True
            finally:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._changed.notify_all()

    def release(self) -> None:
        """End the turn."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()

    @contextmanager
    def turn(self, *, urgent: bool) -> Iterator[None]:
        """A turn for the length of the block."""
        self.acquire(urgent=urgent)
        try:
            yield
        finally:
            self.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
