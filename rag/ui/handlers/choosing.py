"""Handlers of the settings page: the options of the next question, and who set each. Plain functions, as in `chat`."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.errors import LibraryError
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.options import SetBy, applied, of

from ..html.library.library import called
from ..html.markup import name
from ..html.options import origins
from ..state.options import CHOSEN, kept_choices, standing
from ..views import SKIP
from .chat import Handlers
from .guard import guarded
from .visitor import Visitor


class Standing(NamedTuple):
    """Updates of the page; each field is one component."""

    kept: Any = gr.skip()
    origins: Markup = SKIP
    standing: Any = gr.skip()


class Choosing:
    """Handlers of the settings page; one instance per page."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.service = handlers.service

    @guarded
    def restore(self, request: gr.Request, tab: str, kept: Any) -> Standing:
        """Restore the choices the browser keeps, clamped and in this version's form; show the options that apply."""
        chosen = kept_choices(kept, self.service.settings.retrieval)
        return self._shown(Visitor.of(tab, request), chosen)._replace(kept={CHOSEN: chosen} if kept else gr.skip())

    @guarded
    def show(self, request: gr.Request, tab: str, kept: Any) -> Standing:
        """Show the options that apply now."""
        return self._shown(Visitor.of(tab, request), kept_choices(kept, self.service.settings.retrieval))

    def _shown(self, who: Visitor, chosen: dict[str, Any]) -> Standing:
        base = self._alone(who, self.handlers.sessions.get(who.key).scope.collections)
        usual = base.over(self.service.settings.retrieval) if base else self.service.settings.retrieval
        options = applied(usual, reader=chosen)
        wished = base.wished if base else {}
        said = [
            (option, SetBy.READER if option.name in chosen or option.of(options) != option.of(usual) else SetBy.BASE)
            for option in of(by=SetBy.READER)
            if option.name in {*chosen, *wished} or option.of(options) != option.of(usual)
        ]
        shown = name(called(base, who.language)) if base else Markup()
        return Standing(origins=origins(options, said, shown, who.language), standing=standing(usual, chosen))

    def _alone(self, who: Visitor, collections: tuple[str, ...]) -> KnowledgeBase | None:
        """The only knowledge base in scope; None for several, and for one that is gone."""
        try:
            return self.service.knowledge_bases.base(who.actor, *collections) if len(collections) < 2 else None
        except LibraryError:
            return None
