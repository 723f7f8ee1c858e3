"""The retrieval options as the page writes them: values in words, and the controls of its own sheets. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.messages import Language
from rag.options import NUMBERS, OptionKind, RetrievalOption, SetBy, Wishes
from rag.types import RetrievalOptions

from .markup import esc, html, joined, t


def written(option: RetrievalOption, options: RetrievalOptions, language: Language) -> Markup:
    """The value of an option."""
    value = option.of(options)
    if option.kind is OptionKind.CHOICE:
        return t(f"{option.label}_{value}", language)
    if option.kind is OptionKind.SWITCH:
        return t("record.on" if value else "record.off", language)
    return esc(f"{value:.2f}" if option.kind is OptionKind.NUMBER else value)


def slider(option: RetrievalOption, value: float, language: Language, *, high: float = 0) -> Markup:
    """A slider with its number, for a sheet that listens to `input`. `high`: its maximum, where less can be reached."""
    low, most, step, now = (f"{each:g}" for each in (option.low, high or option.high, option.step, value))
    return html(
        '<label class="whatif-range"><span>{label}</span>'
        '<output data-of="{name}" aria-hidden="true">{now}</output>'
        '<input type="range" name="{name}" aria-label="{label}" min="{}" max="{}" step="{}" value="{now}"></label>'
    )(low, most, step, label=t(option.label, language), name=option.name, now=now)


def wish_area(option: RetrievalOption, wishes: Wishes, language: Language) -> Markup:
    """A text area for a knowledge base's own value of an option."""
    area = html(
        '<label><span>{}</span><textarea name="{}" rows="2" maxlength="{}">{}</textarea><small>{}</small></label>'
    )
    return area(
        t(option.label, language), option.name, f"{option.high:g}", getattr(wishes, option.name),
        t(f"{option.label}_about", language),
    )  # fmt: skip


def wish_field(option: RetrievalOption, wishes: Wishes, language: Language) -> Markup:
    """A field for a knowledge base's own number or choice; empty means the value of the settings."""
    value, label = getattr(wishes, option.name), html("<span>{}</span>")(t(option.label, language))
    if option.kind in NUMBERS:
        shown = "" if value is None else f"{value:g}"
        bounds = (f"{each:g}" for each in (option.low, option.high, option.step))
        number = html('<label>{}<input type="number" name="{}" value="{}" min="{}" max="{}" step="{}"></label>')
        return number(label, option.name, shown, *bounds)
    choices = joined(choice(one, t(f"{option.label}_{one}", language), chosen=one == value) for one in option.choices)
    usual = choice("", t("library.base_usual", language), chosen=False)
    return html('<label>{}<select name="{}">{}{}</select></label>')(label, option.name, usual, choices)


def choice(value: str, shown: Markup, *, chosen: bool) -> Markup:
    """One of the values to choose from in a list."""
    return html('<option value="{}"{}>{}</option>')(value, " selected" if chosen else "", shown)


def origins(
    options: RetrievalOptions, said: Sequence[tuple[RetrievalOption, SetBy]], base: Markup, language: Language
) -> Markup:
    """The options that differ from the settings, each with its value and who set it."""
    by_base = html("{} {}")(t("option_of_base", language), base)
    row = html('<li data-option="{}"><b>{}</b> {} <small>{}</small></li>')
    rows = [
        row(
            option.name, t(option.label, language), written(option, options, language),
            t("option_of_reader", language) if by is SetBy.READER else by_base,
        )
        for option, by in said
    ]  # fmt: skip
    if not rows:
        return html('<p class="option-origins">{}</p>')(t("options_usual", language))
    listed = html('<div class="option-origins"><p>{}</p><ul>{}</ul></div>')
    return listed(t("options_said", language), joined(rows))
