"""What stands in braces in documents that a template engine fills: Liquid, Jinja, Hugo, GitBook, Vue. Pure."""

from __future__ import annotations

import re

LONGEST = 600
"""Characters of an expression in braces."""

_PARTS = re.compile(
    r"\{\{[<%]-?\s*(?P<ends>/?)\s*(?P<hugo>[\w./-]*)(?P<given>.*?)/?\s*-?[%>]\}\}"
    r"|\{%-?\s*(?P<liquid>[\w.-]*)(?P<told>.*?)-?%\}"
    r"|\{\{\{?(?P<value>[^{}]*)\}?\}\}",
    re.DOTALL,
)
_GIVEN = re.compile(r"(?:([\w-]+)\s*[=:]\s*)?(?:\"([^\"]*)\"|'([^']*)'|“([^”]*)”|`([^`]*)`)")
_BARE = re.compile(r"\s*[A-Za-z_]\w*\s*")
_SILENT = frozenset(
    (
        "ref", "relref", "link", "post_url", "param", "youtube", "vimeo", "gist", "tweet", "include",
        "include_relative", "import", "asset_path",
    )
)  # fmt: skip
_SHOWN = frozenset(("kbd", "button", "badge", "mark", "highlight", "heading", "tooltip", "abbr"))
"""Tags whose first value is what the reader sees."""
NAMES = ("title", "name", "header", "summary", "label", "caption", "tabName", "heading")
"""Names under which an opening tag says what the reader sees above its body."""
SAID = ("content", "text", "caption", "title", "alt", "label", "description", "message", "body", "term_id")
"""Names under which a tag without a body gives what the reader sees."""


def parsed(text: str, start: int) -> re.Match[str] | None:
    """The expression in braces at `start`."""
    end = min(len(text), start + LONGEST)
    return _PARTS.match(text, start, end)


def expression(text: str, start: int) -> int:
    """The end of the expression at `start` that is silent; 0 when there is none, or it is text to a reader."""
    if text[start + 1 : start + 2] not in ("{", "%"):
        return 0
    match = parsed(text, start)
    if not match:
        return 0
    value = match["value"]
    if value is not None and _BARE.fullmatch(value) and not _alone(text, start, match.end()):
        return 0
    return match.end()


def spoken_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where, in the expression at `[start, end)`, the words stand that it shows."""
    match = parsed(text, start)
    if not match or match["value"] is not None or (match["hugo"] or match["liquid"] or "") in _SILENT - {"include"}:
        return None
    shown = (match["hugo"] or match["liquid"] or "") in _SHOWN
    return named(text, match, SAID, positional=shown)


def named(
    text: str, match: re.Match[str], names: tuple[str, ...], *, positional: bool = False
) -> tuple[int, int] | None:
    """Where the value of the first of `names` stands that a tag gives; or its first value without a name."""
    group = "given" if match["hugo"] is not None else "told"
    values: dict[str, tuple[int, int]] = {}
    for given in _GIVEN.finditer(text, *match.span(group)):
        number = next(number for number in (2, 3, 4, 5) if given[number] is not None)
        values.setdefault(given[1] or "", given.span(number))
    wanted = (*names, "") if positional else names
    found = next((values[name] for name in wanted if name in values), None)
    return found if found and found[1] > found[0] else None


def _alone(text: str, start: int, end: int) -> bool:
    """True if nothing else stands in the text."""
    return start < LONGEST and len(text) - end < LONGEST and not text[:start].strip() and not text[end:].strip()
