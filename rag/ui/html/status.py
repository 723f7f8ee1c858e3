"""The state of the models, as the header's pill and as the panel behind it."""

from __future__ import annotations

import re

from markupsafe import Markup

from rag.messages import Language
from rag.status import PartState, PartStatus, Status

from ..i18n import say
from .markup import html, joined, name, size, t, why

BUSY = (PartState.WAITING, PartState.LOADING, PartState.DOWNLOADING)


def settled(status: Status) -> bool:
    """True if no part is still starting: each is ready or has failed for good."""
    return not any(part.state in BUSY for part in status.parts)


def pill(status: Status, language: Language, *, user: str = "") -> Markup:
    """The header's button and the panel it opens, which also names a signed-in `user`."""
    kind, label = _headline(status, language)
    return html(
        '<button type="button" class="pill {}" data-act="models" aria-expanded="false" '
        'aria-controls="models-panel" title="{}"><i aria-hidden="true"></i><span role="status">{}</span></button>'
        '<div class="popover" id="models-panel" hidden>{}{}</div>'
    )(kind, t("models", language), label, _user(user, language), parts(status, language))


def _user(user: str, language: Language) -> Markup:
    if not user:
        return Markup()
    return html('<p class="signed-in">{} <b><bdi>{}</bdi></b></p>')(t("talks.signed_in", language), name(user))


def _headline(status: Status, language: Language) -> tuple[str, Markup]:
    failed = [p for p in status.parts if p.state is PartState.FAILED]
    if failed:
        return "failed", t("pill_failed", language, part=say(f"part_{failed[0].part}", language))
    busy = [p for p in status.parts if p.state in BUSY]
    if busy:
        return "busy", t("pill_loading", language) + _share(busy)
    profile = t(f"profile_{status.profile}", language) if status.profile else t("part_state_ready", language)
    return "ready", html('{}<span class="pill-models">{}</span>')(profile, _running(status, language))


def _share(busy: list[PartStatus]) -> str:
    done, total = sum(p.done for p in busy), sum(p.total for p in busy)
    return f" {done / total:.0%}" if total else ""


def _running(status: Status, language: Language) -> Markup:
    known = {p.part: p for p in status.parts}
    models = [_method(known[part]) for part in ("embedder", "reranker") if part in known]
    models.append((_method(known["chat"]) if "chat" in known else "") or say("no_chat_model", language))
    return joined(html(" · {}")(name(model)) for model in models if model)


def _method(part: PartStatus) -> str:
    """A model's short name; late interaction over the embedder's own vectors goes by the name of the method."""
    if part.info and part.info.score_name == "offline_estimate":
        return "MaxSim"
    return (part.info.name if part.info else part.name).rsplit("/", 1)[-1]


def _short_revision(revision: str) -> str:
    return revision[:12] if re.fullmatch("[0-9a-f]{40}", revision) else revision


def parts(status: Status, language: Language) -> Markup:
    """Each part with its model, revision, device and number format, or with what stands in its way."""
    because = ""
    if status.profile and status.why:
        profile = t(f"profile_{status.profile}", language)
        because = html('<p class="because"><b>{}</b> — {}</p>')(profile, why(status.why, language))
    rows = joined(_part(p, language) for p in status.parts)
    return html('<h2 class="parts-title">{}</h2>{}<ul class="parts">{}</ul>')(t("models", language), because, rows)


def _part(part: PartStatus, language: Language) -> Markup:
    model = part.info.name if part.info else part.name
    if not model and part.part == "chat":
        model = say("no_chat_model", language)
    details = ""
    if part.info:
        facts = (_short_revision(part.info.revision), part.info.device, part.info.dtype)
        details = html("<small>{}</small>")(" · ".join(f for f in facts if f))
    share = f" {size(part.done)} / {size(part.total)}" if part.total and part.state in BUSY else ""
    remark = html('<p class="remark">{}</p>')(why(part.reason, language)) if part.reason else ""
    called, state = t(f"part_{part.part}", language), t(f"part_state_{part.state}", language)
    return html('<li class="{}"><div><span>{}</span><b>{}</b>{}</div><span class="part-state">{}{}</span>{}</li>')(
        part.state, called, name(model), details, state, share, remark
    )
