"""The list of conversations beside the chat: those of one reader, pinned ones first, else under the day of last use."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup

from rag.evidence.kept import KeptConversation
from rag.messages import Language

from ..i18n import say
from .markup import button, html, icon, joined, name, t, tool

DAY = 24 * 3600
_MARKUP = re.compile(r"[*`#|]+|\[\d+\]")
"""What of an answer's Markdown says nothing in a line of a list."""


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
    """Content of the list."""

    days: Sequence[Day]
    current: str = ""
    """Id of the conversation that is open."""
    containing: str = ""
    user: str = ""
    """Name of the signed-in reader; "" where nobody signs in."""
    kept: bool = True
    """True if conversations can be kept for this reader; False without cookies."""
    pinned: Sequence[Line] = ()
    """Conversations that stay above all others."""


def pinned_of(conversations: Iterable[KeptConversation], *, minutes: int) -> list[Line]:
    """The pinned conversations, in the order given."""
    return [_at(each, 60 * minutes) for each in conversations if each.pinned]


def by_day(conversations: Iterable[KeptConversation], *, now: float, minutes: int) -> list[Day]:
    """Group conversations that are not pinned, which come newest first, by day. `minutes` is how far the reader's clock
    is ahead of UTC."""
    ahead = 60 * minutes
    today = int((now + ahead) // DAY)
    days: list[Day] = []
    loose = (each for each in conversations if not each.pinned)
    for number, several in groupby(loose, key=lambda c: int((c.updated + ahead) // DAY)):
        lines = tuple(_at(each, ahead) for each in several)
        date = time.gmtime(number * DAY)
        days.append(Day(max(0, today - number), date.tm_year, date.tm_mon, date.tm_mday, lines))
    return days


def _at(conversation: KeptConversation, ahead: int) -> Line:
    return Line(conversation, time.strftime("%H:%M", time.gmtime(conversation.updated + ahead)))


def drawer(shown: Drawer, language: Language) -> Markup:
    """The list, with what it is searched by above it."""
    label = html("{}<span>{}</span>")(icon("plus", size=15), t("talks.new", language))
    return html(
        '<nav class="talks" aria-label="{}"><div class="talks-top">{}{}'
        '<input type="search" class="talks-search" placeholder="{search}" aria-label="{search}" maxlength="200" '
        'value="{}"></div><div class="talks-list">{}</div>{}</nav>'
    )(
        t("talks.title", language), button("quiet talks-new", "talk-new", label),
        tool("talks", "close", t("talks.close", language), size=18), shown.containing,
        _list(shown, language), _user(shown.user, language), search=t("talks.search", language),
    )  # fmt: skip


def _list(shown: Drawer, language: Language) -> Markup:
    if not shown.days and not shown.pinned:
        key = "no_cookies" if not shown.kept else "none_found" if shown.containing else "none"
        return html('<p class="talks-none" role="status">{}</p>')(t(f"talks.{key}", language))
    pinned = _section(t("talks.pinned", language), shown.pinned, shown, language) if shown.pinned else ""
    return joined([pinned, *(_section(_named(day, language), day.lines, shown, language) for day in shown.days)])


def _named(day: Day, language: Language) -> Markup:
    if key := {0: "today", 1: "yesterday"}.get(day.ago):
        return t(f"talks.{key}", language)
    month = say(f"talks.month_{day.month}", language)
    return t("talks.date", language, day=day.day, month=month, year=day.year)


def _section(label: Markup, lines: Sequence[Line], shown: Drawer, language: Language) -> Markup:
    rows = joined(_line(line, shown, language) for line in lines)
    return html("<section><h2>{}</h2><ul>{}</ul></section>")(label, rows)


def _line(line: Line, shown: Drawer, language: Language) -> Markup:
    one = line.conversation
    here, words = one.id == shown.current, shown.containing.split()
    found = (
        html('<span class="talk-found">{}</span>')(marked_words(_MARKUP.sub("", one.found), words)) if one.found else ""
    )
    about = html("{} · {}")(t("talks.answers", language, count=one.answers), line.hour)
    return html(
        '<li class="talk{}" data-id="{id}"><a class="talk-open" href="{}" data-act="talk-open" title="{about}"{}>'
        '<bdi class="talk-title">{}</bdi>{}<small class="sr">{about}</small></a>'
        '<input class="talk-name" type="text" value="{}" maxlength="80" aria-label="{}" hidden>'
        '<span class="talk-tools">{}</span></li>'
    )(
        " here" if here else "", address(one.id), Markup(' aria-current="true"') if here else "",
        marked_words(one.title, words), found, one.title, t("talks.new_title", language), _tools(one, language),
        id=one.id, about=about,
    )  # fmt: skip


def _tools(one: KeptConversation, language: Language) -> Markup:
    title, remove = name(one.title), t("delete", language)
    pin, rename = t("talks.unpin" if one.pinned else "talks.pin", language), t("talks.rename", language)
    pressed, named = "yes" if one.pinned else "no", html("{} {}")
    delete = html(
        '<button type="button" class="delete" data-act="talk-delete" data-name="{title}" '
        'aria-label="{remove} {title}" data-sure="{}" data-label="{remove}">{remove}</button>'
    )(t("delete_sure", language), title=title, remove=remove)
    return joined([
        button("tool", "talk-pin", icon("pin", size=15), label=named(pin, title), title=pin, pinned=pressed),
        button("tool", "talk-rename", icon("edit", size=15), label=named(rename, title), title=rename),
        delete,
    ])  # fmt: skip


def address(conversation: str) -> str:
    """Where a conversation is found, from the top of the page."""
    return f"c/{quote(conversation, safe='')}"


def marked_words(text: str, words: Sequence[str]) -> Markup:
    """A text with the words of a search marked in it, whatever their case."""
    if not words:
        return name(text)
    wanted = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)
    marks, last = [], 0
    for hit in wanted.finditer(text):
        marks += [name(text[last : hit.start()]), html("<mark>{}</mark>")(name(hit[0]))]
        last = hit.end()
    return joined([*marks, name(text[last:])])


def _user(user: str, language: Language) -> Markup:
    if not user:
        return Markup()
    return html('<p class="talks-user">{} <b><bdi>{}</bdi></b></p>')(t("talks.signed_in", language), name(user))
