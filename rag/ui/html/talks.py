"""The drawer of conversations: those of one reader, newest first, under the day they were last used."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from rag.evidence.kept import KeptConversation
from rag.messages import Language

from ..i18n import say
from .markup import button, html, icon, joined, name, t
from .sheet import sheet

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation and the time it was last used, `HH:MM` on the reader's clock."""

    conversation: KeptConversation
    hour: str


@dataclass(frozen=True, slots=True)
class Day:
    """Conversations last used on one day. `ago` counts days back from the reader's today."""

    ago: int
    year: int
    month: int
    day: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Drawer:
    """Content of the drawer."""

    days: Sequence[Day]
    current: str = ""
    """Id of the conversation that is open."""
    containing: str = ""
    user: str = ""
    """Name of the signed-in reader; "" where nobody signs in."""
    kept: bool = True
    """True if conversations can be kept for this reader; False without cookies."""


def by_day(conversations: Iterable[KeptConversation], *, now: float, minutes: int) -> list[Day]:
    """Group conversations, which come newest first, by day. `minutes` is how far the reader's clock is ahead of UTC."""
    ahead = 60 * minutes
    today = int((now + ahead) // DAY)
    days: list[Day] = []
    for number, several in groupby(conversations, key=lambda c: int((c.updated + ahead) // DAY)):
        lines = tuple(Line(c, time.strftime("%H:%M", time.gmtime(c.updated + ahead))) for c in several)
        date = time.gmtime(number * DAY)
        days.append(Day(max(0, today - number), date.tm_year, date.tm_mon, date.tm_mday, lines))
    return days


def drawer(shown: Drawer, language: Language) -> Markup:
    """The drawer, in the page's one sheet."""
    label = html("{}<span>{}</span>")(icon("plus", size=15), t("talks.new", language))
    body = html(
        '<div class="talks-top">{}<input type="search" class="talks-search" placeholder="{search}" '
        'aria-label="{search}" maxlength="200" value="{}"></div><div class="talks-list">{}</div>{}'
    )(
        button("quiet talks-new", "talk-new", label), shown.containing, _list(shown, language),
        _user(shown.user, language), search=t("talks.search", language),
    )  # fmt: skip
    return sheet(t("talks.title", language), body, language, kind="talks")


def _list(shown: Drawer, language: Language) -> Markup:
    if not shown.days:
        key = "no_cookies" if not shown.kept else "none_found" if shown.containing else "none"
        return html('<p class="talks-none" role="status">{}</p>')(t(f"talks.{key}", language))
    return joined(_day(day, shown.current, language) for day in shown.days)


def _day(day: Day, current: str, language: Language) -> Markup:
    key = {0: "today", 1: "yesterday"}.get(day.ago)
    month = say(f"talks.month_{day.month}", language)
    label = t(f"talks.{key}", language) if key else t("talks.date", language, day=day.day, month=month, year=day.year)
    rows = joined(_line(line, current, language) for line in day.lines)
    return html("<section><h3>{}</h3><ul>{}</ul></section>")(label, rows)


def _line(line: Line, current: str, language: Language) -> Markup:
    one = line.conversation
    title, here = name(one.title), one.id == current
    count, rename = t("talks.answers", language, count=one.answers), t("talks.rename", language)
    edit = button("tool", "talk-rename", icon("edit", size=15), label=html("{} {}")(rename, title), title=rename)
    return html(
        '<li class="talk{}" data-id="{}"><button type="button" class="talk-open" data-act="talk-open"{}>'
        '<span class="talk-title"><bdi>{title}</bdi></span><small>{} · {}</small></button>'
        '<input class="talk-name" type="text" value="{}" maxlength="80" aria-label="{}" hidden>'
        '<span class="talk-tools">{}'
        '<button type="button" class="delete" data-act="talk-delete" data-name="{title}" '
        'aria-label="{remove} {title}" data-sure="{}" data-label="{remove}">{remove}</button></span></li>'
    )(
        " here" if here else "", one.id, Markup(' aria-current="true"') if here else "", count, line.hour,
        one.title, t("talks.new_title", language), edit, t("delete_sure", language),
        title=title, remove=t("delete", language),
    )  # fmt: skip


def _user(user: str, language: Language) -> Markup:
    if not user:
        return Markup()
    return html('<p class="talks-user">{} <b><bdi>{}</bdi></b></p>')(t("talks.signed_in", language), name(user))
