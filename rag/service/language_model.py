"""The language model, as fronts may look at it and choose another."""

from __future__ import annotations

from ipaddress import ip_address

from rag.accounts.actor import Actor
from rag.errors import ChatChoiceRefused
from rag.messages import reason
from rag.protocols import LanguageModelDesk
from rag.settings import Settings
from rag.types.chat_server import ChatChoice, ChatExamination, ChatInUse


class LanguageModelService:
    """The language model belongs to everybody; who may choose it, the operator says."""

    def __init__(self, desk: LanguageModelDesk, *, may_choose: bool) -> None:
        self._desk = desk
        self._may_choose = may_choose

    def may_choose(self, actor: Actor) -> bool:
        """True if the actor may choose another language model."""
        return self._may_choose or actor.everyone

    def in_use(self, actor: Actor) -> ChatInUse:
        """Return the language model in use, without its key."""
        return self._desk.in_use()

    def choose(self, actor: Actor, choice: ChatChoice, *, forget_key: bool = False) -> None:
        """Use another one from now on; no key keeps that of the same server. Raises ChatChoiceRefused."""
        self._check(actor)
        self._desk.keep(choice, forget_key=forget_key)

    def examine(self, actor: Actor, choice: ChatChoice) -> ChatExamination:
        """Try one without using it: its server is asked a few small questions. Raises ChatChoiceRefused."""
        self._check(actor)
        return self._desk.examine(choice)

    def look(self, actor: Actor) -> ChatExamination:
        """Ask the server in use whether it is there, at no cost."""
        return self._desk.look()

    def _check(self, actor: Actor) -> None:
        if not self.may_choose(actor):
            raise ChatChoiceRefused(reason("chat_server.not_yours"))


def may_choose(settings: Settings) -> bool:
    """True if visitors of the page may choose the language model: where the settings say so, else where only this
    machine's own users can reach the page."""
    if settings.model_choice != "auto":
        return settings.model_choice == "on"
    behind_proxy = settings.allowed_hosts or settings.trusted_proxies or settings.user_header or settings.root_path
    return _is_loopback(settings.host) and not behind_proxy


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
