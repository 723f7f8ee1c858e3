"""Which profile runs: one table."""

from __future__ import annotations

import pytest

from rag.errors import ModelsError
from rag.messages import Reason, reason
from rag.models.profiles import Choice, Sought, choose
from rag.types import Fingerprint

HERE = Sought("folder", here=True)
THERE = Sought("hub")
GONE: Sought[str] = Sought(None, missing=reason("models.offline", model="m"))
OFFLINE = Fingerprint("packed", "1", 384, "c", "s")
QWEN = Fingerprint("Qwen/Qwen3-Embedding-0.6B", "1", 1024, "c", "s")
FORCED, CACHED, DOWNLOADABLE = (reason(f"runtime.profile_{n}") for n in ("forced", "cached", "downloadable"))


@pytest.mark.parametrize(
    ("wanted", "indexed", "found", "expected"),
    [
        pytest.param("auto", None, (HERE, HERE), Choice("qwen3", CACHED, "folder", "folder"), id="weights here"),
        pytest.param(
            "auto", None, (HERE, THERE), Choice("qwen3", DOWNLOADABLE, "folder", "hub"), id="one must be fetched"
        ),
        pytest.param("auto", None, (HERE, GONE), Choice("offline", GONE.missing or FORCED), id="one cannot be had"),
        pytest.param("auto", QWEN, (HERE, HERE), Choice("qwen3", CACHED, "folder", "folder"), id="index of Qwen3"),
        pytest.param(
            "auto", QWEN, (GONE, GONE), Choice("offline", GONE.missing or FORCED), id="index of Qwen3, weights gone"
        ),
        pytest.param(
            "qwen3", OFFLINE, (HERE, HERE), Choice("qwen3", FORCED, "folder", "folder"), id="forced against the index"
        ),
    ],
)
def test_profile(
    wanted: str,
    indexed: Fingerprint | None,
    found: tuple[Sought[str], Sought[str]],
    expected: Choice[str],
) -> None:
    assert choose(wanted, indexed, offline_models=("packed", "packed too"), seek=lambda: found) == expected


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        pytest.param("offline", FORCED, id="forced"),
        pytest.param("auto", reason("runtime.profile_indexed", model="packed"), id="index of a packaged model"),
    ],
)
def test_offline_does_not_look_for_weights(wanted: str, why: Reason) -> None:
    def seek() -> tuple[Sought[str], Sought[str]]:
        raise AssertionError("asked the hub for nothing")

    assert choose(wanted, OFFLINE, offline_models=("packed", "packed too"), seek=seek) == Choice("offline", why)


def test_forced_qwen3_that_cannot_be_had_is_an_error() -> None:
    with pytest.raises(ModelsError) as caught:
        choose("qwen3", None, offline_models=("packed", "packed too"), seek=lambda: (HERE, GONE))
    assert caught.value.reason == GONE.missing
