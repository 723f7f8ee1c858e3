"""The state of the models, as the header's pill and as the panel behind it."""

from __future__ import annotations

import re

from rag.messages import Language
from rag.status import PartState, PartStatus, Status

from ..i18n import say
from .markup import esc, name, size, t, why

BUSY = (PartState.WAITING, PartState.LOADING, PartState.DOWNLOADING)


def settled(status: Status) -> bool:
    """True if no part is still starting: each is ready or has failed for good."""
    return not any(part.state in BUSY for part in status.parts)


def pill(status: Status, language: Language, *, user: str = "") -> str:
    """The header's button and the panel it opens, which also names a signed-in `user`."""
    kind, label = _headline(status, language)
    return (
        f'<button type="button" class="pill {kind}" data-act="models" aria-expanded="false" '
        f'aria-controls="models-panel" title="{t("models", language)}">'
        f'<i aria-hidden="true"></i><span role="status">{label}</span></button>'
        f'<div class="popover" id="models-panel" hidden>{_user(user, language)}{parts(status, language)}</div>'
    )


def _user(user: str, language: Language) -> str:
    if not user:
        return ""
    return f'<p class="signed-in">{t("talks.signed_in", language)} <b><bdi>{name(user)}</bdi></b></p>'


def _headline(status: Status, language: Language) -> tuple[str, str]:
    failed = [p for p in status.parts if p.state is PartState.FAILED]
    if failed:
        return "failed", t("pill_failed", language, part=t(f"part_{failed[0].part}", language))
    busy = [p for p in status.parts if p.state in BUSY]
    if busy:
        return "busy", t("pill_loading", language) + _share(busy)
    profile = t(f"profile_{status.profile}", language) if status.profile else t("part_state_ready", language)
    return "ready", f'{profile}<span class="pill-models">{_running(status, language)}</span>'


def _share(busy: list[PartStatus]) -> str:
    done, total = sum(p.done for p in busy), sum(p.total for p in busy)
    return f" {done / total:.0%}" if total else ""


def _running(status: Status, language: Language) -> str:
    known = {p.part: p for p in status.parts}
    models = [_method(known[part]) for part in ("embedder", "reranker") if part in known]
    models.append((_method(known["chat"]) if "chat" in known else "") or say("no_chat_model", language))
    return "".join(f" · {name(model)}" for model in models if model)


def _method(part: PartStatus) -> str:
    """A model's short name; late interaction over the embedder's own vectors goes by the name of the method."""
    if part.info and part.info.score_name == "offline_estimate":
        return "MaxSim"
    return (part.info.name if part.info else part.name).rsplit("/", 1)[-1]


def _short_revision(revision: str) -> str:
    return revision[:12] if re.fullmatch("[0-9a-f]{40}", revision) else revision


def parts(status: Status, language: Language) -> str:
    """Each part with its model, revision, device and number format, or with what stands in its way."""
    because = ""
    if status.profile and status.why:
        profile = t(f"profile_{status.profile}", language)
        because = f'<p class="because"><b>{profile}</b> — {why(status.why, language)}</p>'
    rows = "".join(_part(p, language) for p in status.parts)
    return f'<h2 class="parts-title">{t("models", language)}</h2>{because}<ul class="parts">{rows}</ul>'


def _part(part: PartStatus, language: Language) -> str:
    model = part.info.name if part.info else part.name
    if not model and part.part == "chat":
        model = t("no_chat_model", language)
    details = ""
    if part.info:
        facts = (_short_revision(part.info.revision), part.info.device, part.info.dtype)
        details = f"<small>{esc(' · '.join(f for f in facts if f))}</small>"
    share = f" {size(part.done)} / {size(part.total)}" if part.total and part.state in BUSY else ""
    remark = f'<p class="remark">{why(part.reason, language)}</p>' if part.reason else ""
    return (
        f'<li class="{part.state}"><div><span>{t(f"part_{part.part}", language)}</span><b>{name(model)}'
        f"</b>{details}</div>"
        f'<span class="part-state">{t(f"part_state_{part.state}", language)}{share}</span>{remark}</li>'
    )
