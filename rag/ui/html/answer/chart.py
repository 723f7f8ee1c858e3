"""A chart as SVG: the library draws it, and of what it made only shapes and labels we know go on, each made anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from rag.messages import Language, reason, text
from rag.types.steps import ChartKind, StepChart

from ..markup import attributes, html, joined, name, t, why

WIDTH, HEIGHT = 520, 250
TEXT = 14
"""Height for which room is left for text: on a phone, where the drawing is small, the style sheet sets it so high."""
LONGEST_LABEL = 16
"""Characters of a label on an axis; the description and the table have all of it."""
MOST_TOLD = 12
"""Values in the description."""
UPRIGHT = 6
"""Labels that stand upright; more of them lean."""
DEEPEST = 12
ELEMENTS = {"g", "rect", "path", "circle", "text"}

_NUMBER = r"-?\d{1,7}(?:\.\d{1,20})?(?:e-?\d{1,3})?"
_ATTRIBUTES = {
    **dict.fromkeys(("x", "y", "width", "height", "rx", "ry", "cx", "cy", "r"), re.compile(_NUMBER)),
    "d": re.compile(r"[MmLlHhVvZz\d\s.,e-]{1,8000}"),
    "transform": re.compile(rf"(?:translate|rotate)\({_NUMBER}(?:[ ,]+{_NUMBER}){{0,2}}\)"),
}
"""Attribute -> what its value may be; others are left out."""
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_UNUSED = ("background", "text-overlay", "tooltip-overlay")


def figure(chart: StepChart, language: Language) -> Markup:
    """The chart with its caption; empty where it cannot be drawn."""
    drawn = _svg(chart, language)
    if not drawn:
        return drawn
    return html(
        '<figure class="chart"><div class="chart-scroll" tabindex="0" role="region" aria-label="{about}">{}</div>'
        "<figcaption><span>{about}{}</span>{}</figcaption></figure>"
    )(drawn, _left_out(chart, language), _legend(chart), about=caption_of(chart, language))


def caption_of(chart: StepChart, language: Language) -> Markup:
    """What is drawn: its kind and the names of its columns."""
    columns = " / ".join((chart.names, *(series.name for series in chart.series)))
    return why(reason("steps.chart_of", kind=reason(f"steps.chart_{chart.kind}"), columns=columns), language)


def _left_out(chart: StepChart, language: Language) -> Markup | str:
    if len(chart.labels) >= chart.total:
        return ""
    return html(" <small>{}</small>")(t("steps.chart_drawn", language, shown=len(chart.labels), total=chart.total))


def _legend(chart: StepChart) -> Markup | str:
    """The names of the series, where colours tell them apart."""
    if len(chart.series) < 2 or chart.kind is ChartKind.SCATTER:
        return ""
    item = html('<span class="chart-key chart-color-{}">{}</span>')
    return joined(item(place, name(series.name)) for place, series in enumerate(chart.series))


@lru_cache(maxsize=256)  # a conversation is drawn anew with every few words
def _svg(chart: StepChart, language: Language) -> Markup:
    drawn = _drawn(chart)
    if drawn is None:
        return Markup()
    told = [_told(chart, place, language) for place in range(min(len(chart.labels), MOST_TOLD))]
    if left := len(chart.labels) - len(told):
        told.append(text(reason("steps.chart_more", count=left), language))
    return html('<svg class="chart-drawn" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>{}</svg>')(
        WIDTH, HEIGHT, caption_of(chart, language), "; ".join(told), joined(map(_element, drawn))
    )


def _told(chart: StepChart, place: int, language: Language) -> str:
    values = ", ".join("–" if (value := s.values[place]) is None else f"{value:g}" for s in chart.series)
    return text(reason("steps.chart_values", label=chart.labels[place], values=values), language)


def _drawn(chart: StepChart) -> ElementTree.Element | None:
    """What the library makes of a chart.

    None where it is not installed, and where numbers are too large for what lies between them.
    """
    try:
        import pygal.style
    except ImportError:
        return None
    # it hooks into the imports of the whole program, to find plug-ins that we have none of
    sys.meta_path[:] = [each for each in sys.meta_path if not type(each).__module__.startswith("pygal")]
    kinds: dict[ChartKind, Any] = {ChartKind.BAR: pygal.Bar, ChartKind.LINE: pygal.Line, ChartKind.SCATTER: pygal.XY}
    made = kinds[chart.kind](
        js=[], css=[], width=WIDTH, height=HEIGHT, margin=8, show_legend=False, disable_xml_declaration=True,
        truncate_label=LONGEST_LABEL, x_label_rotation=35 if len(chart.labels) > UPRIGHT else 0, max_scale=6,
        dots_size=3.5, stroke=chart.kind is ChartKind.LINE,
        style=pygal.style.Style(label_font_size=TEXT, major_label_font_size=TEXT, title_font_size=TEXT),
    )  # fmt: skip
    if chart.kind is ChartKind.SCATTER:
        across, up = chart.series
        made.x_title, made.y_title, made.x_label_rotation = _plain(across.name), _plain(up.name), 0
        pairs = zip(across.values, up.values, strict=True)
        made.add("", [(x, y) for x, y in pairs if x is not None and y is not None])
    else:
        made.x_labels = list(map(_plain, chart.labels))
        for series in chart.series:
            made.add("", list(series.values))
    try:
        return _bare(ElementTree.fromstring(made.render(is_unicode=True)))
    except ZeroDivisionError:  # 2 ** 53 and half more are the same number
        return None


def _bare(svg: ElementTree.Element) -> ElementTree.Element:
    """The drawing with the bare names of its elements."""
    for each in svg.iter():
        each.tag = str(each.tag).rpartition("}")[2]
    return svg


def _plain(words: str) -> str:
    """Words of which XML has all characters."""
    return "".join(c if c.isprintable() else " " for c in words)


def _element(element: ElementTree.Element, depth: int = 0) -> Markup:
    """An element we know with what it holds; nothing of any other."""
    kinds = (element.get("class") or "").split()
    if element.tag not in ELEMENTS or depth > DEEPEST or any(kind in _UNUSED for kind in kinds):
        return Markup()
    inside = joined([*(_element(each, depth + 1) for each in element), *_hover(element)])
    if element.tag == "g" and not inside:
        return inside
    known = [f"chart-{kind}" for kind in kinds if re.fullmatch(r"[a-z]+(?:-\d)?", kind)]
    made = html("<{tag}{about}>{words}{inside}</{tag}>")
    words = name(element.text or "") if element.tag == "text" else ""
    about: dict[str, str | None] = {"class": " ".join(known) or None}
    about |= {key: _short(value) for key, value in element.attrib.items() if _may(key, value)}
    return made(tag=element.tag, about=attributes(about), words=words, inside=inside)


def _hover(element: ElementTree.Element) -> Iterator[Markup]:
    """The value of a shape, which the library tells beside it."""
    told = {each.get("class"): each.text or "" for each in element if each.tag == "desc"}
    if "value" in told:
        yield html("<title>{}</title>")(": ".join(filter(None, (told.get("x_label"), told["value"]))))


def _may(key: str, value: str) -> bool:
    allowed = _ATTRIBUTES.get(key)
    return allowed is not None and allowed.fullmatch(value) is not None


def _short(value: str) -> str:
    return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value)
