"""Who an actor is: keys that stay what they were, and nobody with another's."""

from __future__ import annotations

from hashlib import sha256

import pytest

from rag.accounts.actor import NOBODY, OPERATOR, SYSTEM, Actor, ActorKind
from rag.accounts.browser import is_token, new_secret, sealed, secret_in, token
from rag.accounts.users import LONGEST_USER, named_user


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("user", "secret", "kind", "owner", "name"),
    [
        pytest.param("", "s3cret", ActorKind.VISITOR, digest("s3cret"), "", id="a browser"),
        pytest.param(
            "carol", "s3cret", ActorKind.USER, f"user-{digest('carol')}", "carol", id="a user, in any browser"
        ),
        pytest.param("", "", ActorKind.VISITOR, "", "", id="a browser without cookies"),
        pytest.param("", "user-carol", ActorKind.VISITOR, digest("user-carol"), "", id="a cookie that plays a user"),
        pytest.param("", "\ud800", ActorKind.VISITOR, digest("\ufffd"), "", id="no text"),
    ],
)
def test_an_actor_has_the_key_its_conversations_were_always_kept_under(
    user: str, secret: str, kind: ActorKind, owner: str, name: str
) -> None:
    actor = Actor.of(user, secret)
    assert (actor.kind, actor.owner, actor.name) == (kind, owner, name)
    assert Actor.owning(owner) == Actor(kind, owner)


def test_only_the_operator_and_the_product_may_read_what_is_kept_of_everybody() -> None:
    assert OPERATOR.everyone and SYSTEM.everyone
    assert not any(actor.everyone for actor in (NOBODY, Actor.of("carol", ""), Actor.of("", "s3cret")))


def test_a_browser_is_known_by_its_secret_alone() -> None:
    mine, other = new_secret(), new_secret()
    assert secret_in({"plainsight": mine, "lang": "en"}) == mine and secret_in({"lang": "en"}) == ""
    assert is_token(mine, [token(mine)])
    for sent in ([], [token(other)], [token(mine), token(mine)], [mine], ["\xff"]):
        assert not is_token(mine, sent), sent
    assert not is_token("", [token("")])
    assert sealed(mine, "tab") != sealed(other, "tab") and sealed(mine, "tab") != sealed(mine, "tab2")


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        pytest.param([b"carol"], "carol", id="one"),
        pytest.param(["Zoë".encode()], "Zoë", id="UTF-8"),
        pytest.param(["Zoë".encode("latin-1")], "Zoë", id="Latin-1"),
        pytest.param([], "", id="none"),
        pytest.param([b"carol", b"mallory"], "", id="one that the proxy did not write"),
        pytest.param([b"a\x07b"], "", id="a control character"),
        pytest.param([b"x" * LONGEST_USER], "x" * LONGEST_USER, id="as long as can be"),
        pytest.param([b"x" * (LONGEST_USER + 1)], "", id="too long"),
    ],
)
def test_a_user_is_whom_the_proxy_names_in_one_header(sent: list[bytes], named: str) -> None:
    assert named_user(b"x-user", [(b"X-User", each) for each in sent] + [(b"x-other", b"eve")]) == named
