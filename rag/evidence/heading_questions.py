"""The question that the section under a heading answers, as a reader would ask it. No model takes part.

Only headings that say what they are about give one: not those that lead through a document, such as "Overview".
"""

from __future__ import annotations

import re

from rag.messages import reason, text

from .heading_words import (
    ASKS,
    ASKS_IF,
    ASKS_ZH,
    AUXILIARY,
    DEGREES,
    DOUBLED,
    GOES_ON,
    NAVIGATION,
    NEVER_DEED,
    NEVER_DEED_ZH,
    NO_DEED,
    NO_DEED_ZH,
    NOUN_FOLLOWS,
    OFTEN_NOUNS,
    OFTEN_NOUNS_ZH,
    OPENS_OBJECT,
    STATES,
    TWO_WORDS,
    VERB_ZH,
    VERBS,
    ZH,
)

LONGEST = 70
"""Characters of a heading that becomes a question."""
SHORTEST = 3

_HOW_TO = re.compile(r"how\s+to\s+", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^(?:(?:step|chapter|part)\s+)?\d+(?:\.\d+)*[.):]?\s+(?=\D)"
    r"|^\d+(?:\.\d+)*[.、)]\s*(?=[\u4e00-\u9fff])"
    r"|^(?:第[一二三四五六七八九十\d]+[章节步]|步骤\s*\d+)[.、:：]?\s*",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(
    r"(?:examples?|sample|appendix|note|about|with|using|for|via|and|or)\b|示例|关于|例[:：\d]|附录", re.IGNORECASE
)
"""What a heading begins with that needs the text before it, or gives an example."""
_MARKUP = re.compile(r"[(（](?:optional|可选)[)）]|[`*~]|(?<!\w)_|_(?!\w)|\{#[^}]*\}|<[^>]{1,80}>", re.IGNORECASE)
_CODE = re.compile(r"[{}()\[\]|=\\$]|::|//|\w\.\w+\(|^[\w.-]*\d[\w.-]*$")


def question_of(heading: str, title: str = "") -> str:
    """The question that the section `heading` of the document `title` answers; "" where none can be told.

    It is Chinese where one of the two is, else English.
    """
    told = _told(heading)
    about = _told(title)
    if not told or _same(told, about):
        return ""
    return _chinese(told, about) if ZH.search(told + about) else _english(told, about)


def deed_or_question(heading: str) -> bool:
    """True for a heading that tells how something is done, or asks, rather than names something."""
    return bool(question_of(heading))


def _told(heading: str) -> str:
    """A heading without markup and number; "" where it says nothing."""
    line = " ".join(_MARKUP.sub("", heading).split()).strip(" :：#.-–—")
    line = _NUMBERED.sub("", line, count=1)
    if not len(line) + 2 * bool(ZH.search(line)) >= SHORTEST or len(line) > LONGEST or _CODE.search(line):
        return ""
    line = line if ZH.search(line) else line.replace("？", "?")
    plain = line.casefold().rstrip("?？!！").strip().replace("’", "'")
    return "" if plain in NAVIGATION or _LEADS_ON.match(line) or not any(c.isalpha() for c in line) else line


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


# ---- English ---------------------------------------------------------------------------------------------------------


def _english(told: str, about: str) -> str:
    if lead := _HOW_TO.match(told):
        return text(reason("questions.how", done=_lowered(told[lead.end() :].rstrip("? "))), "en")
    if told.endswith("?"):
        return told
    if _asks(told):
        return f"{told}?"
    if done := _as_deed(told):
        return text(reason("questions.how", done=done), "en")
    return text(reason("questions.about", title=about, heading=_lowered(told, about)), "en") if about else ""


def _asks(told: str) -> bool:
    """True for a question without its mark; "How we work" and "Why Corvo" state something."""
    first, *rest = told.casefold().split()
    if not rest or rest[-1] in AUXILIARY:
        return False
    if first in ASKS:
        return rest[0] not in STATES
    later = rest[1:] if rest[0] in DEGREES else rest if first in ("which", "whose") else rest[:1]
    return first in ASKS_IF and (rest[0] == "to" or any(word in AUXILIARY for word in later[: len(rest) - 1]))


def _as_deed(told: str) -> str:
    """A heading that begins with a verb and says what is done to what; "" for another one."""
    first, _, rest = told.partition(" ")
    word, after = first.casefold(), rest.partition(" ")[0].casefold()
    verb = word if word in VERBS else _GERUNDS.get(word, "")
    pair = f"{verb or word} {after}"
    if pair in TWO_WORDS:
        verb, rest = pair, rest.partition(" ")[2]
    return f"{verb} {rest}" if verb and rest and _is_object(rest, verb, noun=verb != word) else ""


def _is_object(rest: str, verb: str, *, noun: bool) -> bool:
    """True for what a verb is followed by rather than a noun that stands first in a compound such as "Search methods".

    `noun` tells that the verb stands as one, as in "Naming rules".
    """
    words = rest.casefold().split()
    if words[0] == "and" and len(words) > 2 and words[1] in VERBS:
        return not noun
    if words[0] in NOUN_FOLLOWS or words[-1] in NEVER_DEED:
        return False
    if words[0] in OPENS_OBJECT or words[0] in GOES_ON:
        return True
    either = noun or verb in OFTEN_NOUNS
    if either and NO_DEED & {words[0], words[-1]}:
        return False
    several = words[0].endswith("s") or (words[0] == "data" and not noun)
    return len(words) > 1 or several or not either


def _lowered(line: str, title: str = "") -> str:
    """The line with a small first letter, unless it opens with a name or an abbreviation, such as one in `title`."""
    first, _, rest = line.partition(" ")
    capitals = sum(c.isupper() for c in first)
    names_follow = (
        first.casefold() not in ASKS | ASKS_IF
        and bool(rest)
        and all(word[:1].isupper() for word in rest.split() if len(word) > 3)
    )
    named = names_follow or first in title.split()[1:]
    return line if capitals != 1 or not first[:1].isupper() or named else line[:1].lower() + line[1:]


def _gerund(verb: str) -> str:
    if verb in DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("e") and not verb.endswith("ee"):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


_GERUNDS = {_gerund(verb): verb for verb in VERBS}


# ---- Chinese ---------------------------------------------------------------------------------------------------------


def _chinese(told: str, about: str) -> str:
    if told.endswith(("?", "？")):
        return told
    if ASKS_ZH.search(told):
        return f"{told}？"
    if _is_deed_zh(told):
        return text(reason("questions.how", done=told), "zh")
    return text(reason("questions.about", title=about, heading=told), "zh") if about else ""


def _is_deed_zh(told: str) -> bool:
    """True for a heading that begins with a verb, and neither asks nor names something, as "安装要求" does."""
    verb = VERB_ZH.match(told)
    if verb is None or len(told) <= len(verb[0]) or ASKS_ZH.search(told) or NEVER_DEED_ZH.search(told):
        return False
    return not (OFTEN_NOUNS_ZH.match(told) and NO_DEED_ZH.search(told))
