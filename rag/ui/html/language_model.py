"""The language model on the settings page: the form that chooses one, and the result of a test. No key is in it."""

from __future__ import annotations

from markupsafe import Markup

from rag.messages import Language
from rag.types.chat_server import ChatAbilities, ChatExamination, ChatInUse

from ..i18n import say
from .markup import attributes, button, html, joined, name, t, why

USUAL = (
    "https://api.openai.com/v1",
    "http://localhost:11434/v1",
    "http://localhost:1234/v1",
    "http://localhost:8000/v1",
    "http://localhost:8080/v1",
    "https://openrouter.ai/api/v1",
)
"""Addresses offered while one is typed: OpenAI, Ollama, LM Studio, vLLM, llama.cpp, OpenRouter."""
MOST_PICKED = 200
"""Models that are offered."""


def card(used: ChatInUse, language: Language, *, may_choose: bool) -> Markup:
    """What is in use and what its server can do; below that the form, or why there is none."""
    now = t("chat_server.now", language, model=name(used.choice.model), host=name(used.host)) if used.host else ""
    about = html('<h3 class="model-title">{}</h3><p class="kb-hint">{}</p>')(
        t("chat_server.title", language), t("chat_server.about", language)
    )
    lines = html('<p class="model-now">{}</p>')(now or t("chat_server.none", language))
    able = abilities(used.abilities, language) if used.abilities else Markup()
    if not may_choose:
        return html('<section class="model-card">{}{}{}<p class="kb-hint">{}</p></section>')(
            about, lines, able, t("chat_server.not_yours", language)
        )
    return html('<section class="model-card">{}{}{}{}</section>')(about, lines, able, _form(used, language))


def found(result: ChatExamination, model: str, language: Language) -> Markup:
    """The result of a test, and the models to choose from where the server names them."""
    said = [html('<p class="model-said {}" role="status">{}</p>')(*_verdict(result, model, language))]
    if result.failure is None:
        said.append(abilities(result.abilities, language))
    if result.models:
        said.append(_picker(result.models, model, language))
    return joined(said)


def told(sentence: Markup, *, well: bool) -> Markup:
    """A sentence in the place of a result."""
    return html('<p class="model-said {}" role="status">{}</p>')("well" if well else "wrong", sentence)


def abilities(able: ChatAbilities, language: Language) -> Markup:
    """One line on what a server can do; nothing where nothing is known."""
    said = able.said()
    return html('<p class="model-can">{}</p>')(why(said, language)) if said else Markup()


def _verdict(result: ChatExamination, model: str, language: Language) -> tuple[str, Markup]:
    if result.failure:
        return "wrong", why(result.failure, language)
    has = html(" {}")(t("chat_server.has", language, count=len(result.models))) if result.models else Markup()
    return "well", t("chat_server.well", language, model=name(model)) + has


def _picker(models: tuple[str, ...], model: str, language: Language) -> Markup:
    options = joined(
        html("<option{}>{}</option>")(attributes({"value": one, "selected": "" if one == model else None}), one)
        for one in models[:MOST_PICKED]
    )
    none = html('<option value="">{}</option>')(t("chat_server.pick_none", language))
    return html('<label class="model-picker"><span>{}</span><select class="model-pick">{}{}</select></label>')(
        t("chat_server.pick", language), none, options
    )


def _form(used: ChatInUse, language: Language) -> Markup:
    choice, remove = used.choice, Markup()
    key = say("chat_server.key_kept", language) if used.has_key else None
    numbers = html('<div class="kb-row">{}{}</div>')(
        _field("temperature", "number", f"{choice.temperature:g}", used, language, min="0", max="2", step="0.1"),
        _field("max_tokens", "number", str(choice.max_tokens), used, language, min="16", max="128000", step="1"),
    )
    fields = [
        _field("url", "text", choice.url, used, language, list="model-urls", placeholder=USUAL[0]),
        _field("model", "text", choice.model if used.host else "", used, language, maxlength="200"),
        _field("key", "password", "", used, language, placeholder=key, maxlength="1000"),
        _forget(used, language),
        numbers,
    ]
    usual = joined(html('<option value="{}"></option>')(one) for one in USUAL)
    if used.chosen:
        remove = button("", "model-remove", t("chat_server.remove", language))
    return html(
        '<form class="kb-form model-form" data-submit="model-save" autocomplete="off">{}'
        '<datalist id="model-urls">{}</datalist><p class="kb-do">{}{}'
        '<button type="submit" class="primary">{}</button></p></form>'
    )(
        joined(fields), usual, remove, button("", "model-test", t("chat_server.test", language)),
        t("chat_server.save", language),
    )  # fmt: skip


def _forget(used: ChatInUse, language: Language) -> Markup:
    if not used.has_key or "key" in used.fixed:
        return Markup()
    return html('<label class="model-forget"><input type="checkbox" name="forget"><span>{}</span></label>')(
        t("chat_server.forget_key", language)
    )


ABOUT = {"url": "url_about", "key": "key_about", "temperature": "temperature_about"}


def _field(field: str, kind: str, value: str, used: ChatInUse, language: Language, **more: str | None) -> Markup:
    """An input with its label; one that the settings fix is shown and says so."""
    variable = used.fixed.get(field)
    hint = t("chat_server.fixed", language, variable=variable) if variable else Markup()
    if not variable and field in ABOUT:
        hint = t(f"chat_server.{ABOUT[field]}", language)
    given = {
        "type": kind, "name": field, "value": value, "spellcheck": "false", **more,
        "autocomplete": "new-password" if kind == "password" else "off", "disabled": "" if variable else None,
    }  # fmt: skip
    small = html("<small>{}</small>")(hint) if hint else ""
    return html("<label><span>{}</span><input{}>{}</label>")(
        t(f"chat_server.{field}", language), attributes(given), small
    )
