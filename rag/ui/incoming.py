"""What comes from a browser, read with suspicion: whose session it is, and what its own events carry."""

from __future__ import annotations

import gradio as gr

from . import security

MAX_TAB_ID = 64


def key_of(tab: str, request: gr.Request) -> str:
    """Where a tab's session is kept: the browser's secret cookie and the tab's own id, both out of others' reach."""
    known = tab if isinstance(tab, str) and len(tab) <= MAX_TAB_ID else ""
    return f"{security.owner(request.cookies)}/{known}"


def number_in(event: gr.EventData, field: str) -> int:
    """A whole number of the event; 0 for anything else."""
    value = getattr(event, field, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def text_in(event: gr.EventData, field: str) -> str:
    """A text of the event; "" for anything else."""
    value = getattr(event, field, "")
    return value if isinstance(value, str) else ""
