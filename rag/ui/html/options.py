"""The retrieval options as the page writes them: values in words, and the controls of its own sheets. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rag.messages import Language
from rag.options import NUMBERS, OptionKind, RetrievalOption, SetBy, Wishes
from rag.types import RetrievalOptions

from .markup import esc, t


def written(option: RetrievalOption, options: RetrievalOptions, language: Language) -> str:
    """The value of an option, escaped."""
    value = option.of(options)
    if option.kind is OptionKind.CHOICE:
        return t(f"{option.label}_{value}", language)
    if option.kind is OptionKind.SWITCH:
        return t("record.on" if value else "record.off", language)
    return f"{value:.2f}" if option.kind is OptionKind.NUMBER else esc(value)


def slider(option: RetrievalOption, value: float, language: Language, *, high: float = 0) -> str:
    """A slider with its number, for a sheet that listens to `input`. `high`: its maximum, where less can be reached."""
    label, name = t(option.label, language), option.name
    return (
        f'<label class="whatif-range"><span>{label}</span>'
        f'<output data-of="{name}" aria-hidden="true">{value:g}</output>'
        f'<input type="range" name="{name}" aria-label="{label}" min="{option.low:g}" '
        f'max="{high or option.high:g}" step="{option.step:g}" value="{value:g}"></label>'
    )


def wish_area(option: RetrievalOption, wishes: Wishes, language: Language) -> str:
    """A text area for a knowledge base's own value of an option."""
    return (
        f"<label><span>{t(option.label, language)}</span>"
        f'<textarea name="{option.name}" rows="2" maxlength="{option.high:g}">{esc(getattr(wishes, option.name))}'
        "</textarea></label>"
    )


def wish_field(option: RetrievalOption, wishes: Wishes, language: Language) -> str:
    """A field for a knowledge base's own number or choice; empty means the value of the settings."""
    value, label = getattr(wishes, option.name), f"<span>{t(option.label, language)}</span>"
    if option.kind in NUMBERS:
        shown = "" if value is None else f"{value:g}"
        return (
            f'<label>{label}<input type="number" name="{option.name}" value="{shown}" '
            f'min="{option.low:g}" max="{option.high:g}" step="{option.step:g}"></label>'
        )
    choices = "".join(
        f'<option value="{one}"{" selected" if one == value else ""}>{t(f"{option.label}_{one}", language)}</option>'
        for one in option.choices
    )
    usual = f'<option value="">{t("library.base_usual", language)}</option>'
    return f'<label>{label}<select name="{option.name}">{usual}{choices}</select></label>'


def origins(
    options: RetrievalOptions, said: Sequence[tuple[RetrievalOption, SetBy]], base: str, language: Language
) -> str:
    """The options that differ from the settings, each with its value and who set it. `base` is escaped."""
    rows = "".join(
        f'<li data-option="{option.name}"><b>{t(option.label, language)}</b> {written(option, options, language)} '
        f"<small>{t('option_of_reader', language) if by is SetBy.READER else t('option_of_base', language)}"
        f"{'' if by is SetBy.READER else f' {base}'}</small></li>"
        for option, by in said
    )
    if not rows:
        return f'<p class="option-origins">{t("options_usual", language)}</p>'
    return f'<div class="option-origins"><p>{t("options_said", language)}</p><ul>{rows}</ul></div>'
