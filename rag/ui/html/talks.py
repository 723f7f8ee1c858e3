"""The drawer of conversations: those of one reader, newest first, under the day they were last used."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.evidence.kept import KeptConversation
from rag.messages import Language

from .markup import esc, icon, name, t
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


def drawer(shown: Drawer, language: Language) -> str:
    """The drawer, in the page's one sheet."""
    search = t("talks.search", language)
    body = (
        '<div class="talks-top">'
        f'<button type="button" class="quiet talks-new" data-act="talk-new">{icon("plus", size=15)}'
        f"<span>{t('talks.new', language)}</span></button>"
        f'<input type="search" class="talks-search" placeholder="{search}" aria-label="{search}" maxlength="200" '
        f'value="{esc(shown.containing)}"></div>'
        f'<div class="talks-list">{_list(shown, language)}</div>{_user(shown.user, language)}'
    )
    return sheet(t("talks.title", language), body, language, kind="talks")


def _list(shown: Drawer, language: Language) -> str:
    if not shown.days:
        key = "no_cookies" if not shown.kept else "none_found" if shown.containing else "none"
        return f'<p class="talks-none" role="status">{t(f"talks.{key}", language)}</p>'
    return "".join(_day(day, shown.current, language) for day in shown.days)


def _day(day: Day, current: str, language: Language) -> str:
    key = {0: "today", 1: "yesterday"}.get(day.ago)
    month = t(f"talks.month_{day.month}", language)
    label = t(f"talks.{key}", language) if key else t("talks.date", language, day=day.day, month=month, year=day.year)
    rows = "".join(_line(line, current, language) for line in day.lines)
    return f"<section><h3>{label}</h3><ul>{rows}</ul></section>"


def _line(line: Line, current: str, language: Language) -> str:
    one = line.conversation
    title, here = name(one.title), one.id == current
    mark = ' aria-current="true"' if here else ""
    count = t("talks.answers", language, count=one.answers)
    remove = t("delete", language)
    rename = f"{t('talks.rename', language)} {title}"
    return (
        f'<li class="talk{" here" if here else ""}" data-id="{esc(one.id)}">'
        f'<button type="button" class="talk-open" data-act="talk-open"{mark}>'
        f'<span class="talk-title"><bdi>{title}</bdi></span><small>{count} · {line.hour}</small></button>'
        f'<input class="talk-name" type="text" value="{esc(one.title)}" maxlength="80" '
        f'aria-label="{t("talks.new_title", language)}" hidden>'
        '<span class="talk-tools">'
        f'<button type="button" class="tool" data-act="talk-rename" aria-label="{rename}" '
        f'title="{t("talks.rename", language)}">{icon("edit", size=15)}</button>'
        f'<button type="button" class="delete" data-act="talk-delete" data-name="{title}" '
        f'aria-label="{remove} {title}" data-sure="{t("delete_sure", language)}" data-label="{remove}">{remove}'
        "</button></span></li>"
    )


def _user(user: str, language: Language) -> str:
    if not user:
        return ""
    return f'<p class="talks-user">{t("talks.signed_in", language)} <b><bdi>{name(user)}</bdi></b></p>'
