"""The actors that ask the product for something. Every call of the service names its actor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from rag.text.well_formed import well_formed

_USER = "user-"
"""Beginning of the key of a signed-in user. No digest begins so."""


class ActorKind(StrEnum):
    """The way an actor is known."""

    VISITOR = "visitor"
    """By the secret of a browser, or not at all."""
    USER = "user"
    """By the name a proxy gives."""
    OPERATOR = "operator"
    """Whoever runs commands on the machine: may read what is kept of everybody."""
    SYSTEM = "system"
    """The product itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something."""

    kind: ActorKind
    owner: str = ""
    """Key under which their conversations, answers and marks are kept; "" for somebody of whom nothing is kept."""
    name: str = ""
    """Name to call them by; "" where that is not known."""

    @classmethod
    def of(cls, user: str, secret: str) -> Actor:
        """The signed-in user, else the visitor whose browser holds the secret; both may be ""."""
        return cls(ActorKind.USER if user else ActorKind.VISITOR, owner_key(user, secret), user)

    @classmethod
    def owning(cls, owner: str) -> Actor:
        """The user or visitor with that key; what they are called is not known."""
        return cls(ActorKind.USER if owner.startswith(_USER) else ActorKind.VISITOR, owner)

    @property
    def everyone(self) -> bool:
        """True if they may read what is kept of everybody."""
        return self.kind in (ActorKind.OPERATOR, ActorKind.SYSTEM)


NOBODY = Actor(ActorKind.VISITOR)
"""A browser without cookies."""
OPERATOR = Actor(ActorKind.OPERATOR)
SYSTEM = Actor(ActorKind.SYSTEM)


def owner_key(user: str, secret: str) -> str:
    """Key of the conversations somebody may see: a digest of the signed-in user, else of the browser's secret.

    "" for a browser without cookies. Nobody can be "": what is kept under it would belong to everyone who refuses
    cookies. No cookie, whatever it holds, gives the digest of a user.
    """
    if user:
        return f"{_USER}{_digest(user)}"
    return _digest(secret) if secret else ""


def _digest(name: str) -> str:
    return sha256(well_formed(name).encode()).hexdigest()[:32]
