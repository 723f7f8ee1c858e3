"""The switch that ends an answer or an ingest: what it closes, and for how long it knows of it."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

import pytest

from rag.events import Cancel


class Request:
    """Something a stage holds open."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_what_a_stage_holds_open_is_closed_at_once_when_the_switch_is_thrown() -> None:
    cancel, request = Cancel(), Request()
    with cancel.calls(request.close):
        cancel.cancel()
        assert request.closed


def test_what_is_opened_after_the_switch_was_thrown_is_closed_at_once() -> None:
    cancel, request = Cancel(), Request()
    cancel.cancel()
    with cancel.calls(request.close):
        assert request.closed == 1


@pytest.mark.parametrize("error", [None, RuntimeError("it failed")], ids=["well", "by an error"])
def test_a_stage_that_has_ended_is_forgotten(error: Exception | None) -> None:
    cancel, request = Cancel(), Request()
    with suppress(RuntimeError), cancel.calls(request.close):
        if error:
            raise error
    cancel.cancel()
    assert request.closed == 0


def test_a_long_run_of_many_stages_keeps_none_of_them_alive() -> None:
    cancel = Cancel()
    request = Request()
    alive = weakref.ref(request)
    with cancel.calls(request.close):
        pass
    del request
    gc.collect()
    assert alive() is None


def test_of_two_stages_that_close_the_same_each_counts_for_itself() -> None:
    cancel, request = Cancel(), Request()
    with cancel.calls(request.close):
        with cancel.calls(request.close):
            pass
        cancel.cancel()
    assert request.closed == 1
