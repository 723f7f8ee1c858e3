"""What a browser would see of a piece of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = ("br", "hr", "img", "input", "link", "meta")
"""Elements that have no end."""


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, the text, and the text inside marks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.marked = ""
        self.by_chunk: dict[str, str] = {}
        self._inside = 0
        self._open: list[tuple[str, str | None]] = []
        self.feed(str(html))
        self.close()
        assert not self._open, "a tag is left open"

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of the elements of that name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def of(self, kind: str) -> list[dict[str, str | None]]:
        """Attributes of the elements whose class begins so."""
        return [a for _, a in self.tags if (a.get("class") or "").split(" ")[0] == kind]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._inside += tag == "mark"
        if tag not in VOID:
            self._open.append((tag, found.get("data-chunk")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes nothing"
        self._open.pop()
        self._inside -= tag == "mark"

    def handle_data(self, data: str) -> None:
        self.shown += data
        if self._inside:
            self.marked += data
        chunk = next((c for _, c in reversed(self._open) if c), None)
        if chunk:
            self.by_chunk[chunk] = self.by_chunk.get(chunk, "") + data
