"""Handlers of the language model on the settings page: choose one, try one, choose none."""

from __future__ import annotations

import math
from typing import NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.errors import ChatChoiceRefused
from rag.messages import reason
from rag.service import Service
from rag.types.chat_server import ChatChoice

from ..html import language_model as view
from ..html.markup import t, why
from ..i18n import language
from ..views import SKIP
from .guard import guarded
from .visitor import actor_of, switch_in, text_in

LONGEST = 2000
"""Most characters read of a field; the service says what is too long for it."""


class ModelUpdate(NamedTuple):
    """Updates of the page; each field is one component."""

    card: Markup = SKIP
    result: Markup = SKIP


class LanguageModels:
    """Handlers of the language model; one instance per page. No key leaves the service, so none can come back."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @guarded
    def show(self, request: gr.Request) -> ModelUpdate:
        """The card with what is in use."""
        return self._shown(request)

    @guarded
    def save(self, request: gr.Request, event: gr.EventData) -> ModelUpdate:
        """Choose what the form holds; if it cannot be chosen, a sentence says why, and the form stays."""
        lang = language(request)
        try:
            self.service.language_model.choose(actor_of(request), _choice(event), forget_key=switch_in(event, "forget"))
        except ChatChoiceRefused as e:
            return ModelUpdate(result=view.told(why(e.reason, lang), well=False))
        return self._shown(request)._replace(result=view.told(t("chat_server.saved", lang), well=True))

    @guarded
    def examine(self, request: gr.Request, event: gr.EventData) -> ModelUpdate:
        """Try what the form holds."""
        lang = language(request)
        try:
            choice = _choice(event)
            result = self.service.language_model.examine(actor_of(request), choice)
        except ChatChoiceRefused as e:
            return ModelUpdate(result=view.told(why(e.reason, lang), well=False))
        used = self.service.language_model.in_use(actor_of(request))
        model = used.choice.model if "model" in used.fixed or not choice.model else choice.model
        return ModelUpdate(result=view.found(result, model, lang))

    @guarded
    def remove(self, request: gr.Request) -> ModelUpdate:
        """Choose nothing: what the settings say counts."""
        lang = language(request)
        try:
            self.service.language_model.choose(actor_of(request), ChatChoice(), forget_key=True)
        except ChatChoiceRefused as e:
            return ModelUpdate(result=view.told(why(e.reason, lang), well=False))
        return self._shown(request)._replace(result=view.told(t("chat_server.removed", lang), well=True))

    def _shown(self, request: gr.Request) -> ModelUpdate:
        actor, models = actor_of(request), self.service.language_model
        card = view.card(models.in_use(actor), language(request), may_choose=models.may_choose(actor))
        return ModelUpdate(card=card)


def _choice(event: gr.EventData) -> ChatChoice:
    """What a form holds. Raises ChatChoiceRefused for a number that is none."""
    words = {name: text_in(event, name)[:LONGEST] for name in ("model", "url", "key")}
    heat, most = _number(event, "temperature"), _number(event, "max_tokens")
    return ChatChoice(**words, temperature=heat, max_tokens=None if most is None else int(most))


def _number(event: gr.EventData, field: str) -> float | None:
    written = text_in(event, field).strip()[:LONGEST]
    if not written:
        return None
    try:
        value = float(written)
        if math.isfinite(value):
            return value
    except ValueError:
        pass
    raise ChatChoiceRefused(reason("chat_server.bad_number", value=written[:40]))
