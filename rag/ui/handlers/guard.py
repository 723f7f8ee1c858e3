"""Turns the errors of a handler into sentences in the reader's language, never a traceback."""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, cast

import gradio as gr

from rag.errors import RagError
from rag.messages import Language, Reason, reason, text

from ..html.markup import name
from ..i18n import language, say

log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


def unexpected(error: BaseException) -> Reason:
    """Log an unforeseen error and return the reason to show: it holds the number of the log line, and nothing else."""
    number = secrets.token_hex(4)
    log.error("unexpected error %s", number, exc_info=error)
    return reason("ui.unexpected", id=number)


def reason_of(error: Exception) -> Reason:
    """The reason of an error: its own, or one that says it was not foreseen."""
    return error.reason if isinstance(error, RagError) else unexpected(error)


HINTS = {
    "ui.nothing_to_export": "hint_title",
    "ui.still_answering": "moment_title",
    "ui.still_ingesting": "moment_title",
    "runtime.loading": "moment_title",
}
"""Reason code -> title, for the reasons that are hints and no failures."""
HINT_SECONDS, ERROR_SECONDS = 4, 7


def toast(why: Reason, lang: Language) -> gr.Error:
    """An error as Gradio shows it: a message at the page's edge. Gradio takes it for HTML, so it is escaped here.

    A reason in `HINTS` is shown as a hint, and the error that ends the call is not shown.
    """
    title = say(HINTS.get(why.code, "error_title"), lang)
    told = name(text(why, lang))
    if why.code in HINTS:
        gr.Info(told, title=title, duration=HINT_SECONDS)
        return gr.Error(told, visible=False, print_exception=False)
    return gr.Error(told, title=title, duration=ERROR_SECONDS, print_exception=False)


def guarded(handler: F) -> F:
    """Wrap a handler, a function or an asynchronous generator, so that its errors become toasts."""

    @functools.wraps(handler)
    def safe(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Exception as e:  # the rim of the program: whatever it is, the reader gets a sentence
            raise _shown(e, args, kwargs) from e

    @functools.wraps(handler)
    async def safely_followed(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        try:
            async for shown in handler(*args, **kwargs):
                yield shown
        except Exception as e:  # as above
            raise _shown(e, args, kwargs) from e

    return cast(F, safely_followed if inspect.isasyncgenfunction(handler) else safe)


def _shown(error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> gr.Error:
    return error if isinstance(error, gr.Error) else toast(reason_of(error), _language(args, kwargs))


def _language(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Language:
    request = next((a for a in (*args, *kwargs.values()) if hasattr(a, "cookies")), None)
    return language(request)
