"""Does work grow with its input, or faster? Counted in lines of Python that run, never in seconds.

What one call of the regular expression engine or of another C function does is no line. `assert_not_frozen` bounds
that: it runs in a process of its own whose processor time is limited, so generously that no machine is too slow, and
work that grows with the square of its input does not get by.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from tests import ROOT

MOST = 2.3
"""Times the work for twice the input."""


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that run in `work`."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def assert_linear(work: Callable[[str], object], piece: str, *, sizes: Sequence[int] = (1_000, 4_000, 16_000)) -> None:
    """Twice as many of `piece` are at most 2.3 times the work, for a text of one of the sizes at least.

    In small texts a step more counts for much, as when a second chunk is begun; what grows with the square does so in
    texts of every size.
    """
    for size in sizes:
        text = piece * max(1, size // len(piece))
        work(text)  # what is made once is made now
        once, twice = steps(lambda text=text: work(text)), steps(lambda text=text: work(text + text))  # type: ignore[misc]
        if twice <= MOST * once + 200:
            return
    raise AssertionError(f"{once} steps for {len(text)} characters of {piece!r}, {twice} for twice as many")


def assert_not_frozen(code: str, *, seconds: int) -> None:
    """`code`, run with `bounded(work, ...)` at hand, which ends the process when one call takes that much of it."""
    run = [sys.executable, "-c", f"from tests.support.growth import bounded\nSECONDS = {seconds}\n{code}"]
    ended = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"exit {ended.returncode} at {ended.stdout.splitlines()[-1:]}: {ended.stderr[-2000:]}"


def bounded(what: str, seconds: int, work: Callable[..., object], *given: object) -> None:
    """One call of `work`, with so many seconds of the processor; says first `what` it is."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()
    work(*given)
