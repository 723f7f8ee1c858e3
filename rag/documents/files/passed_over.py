"""What a folder or zip holds besides documents: counted by kind, to be told in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from rag.messages import reason

from .entries import Refused
from .names import shown_name

_ENDINGS = """
    .png .jpg .jpeg .gif .svg .webp .avif .bmp .ico .tif .tiff .heic .mp3 .mp4 .m4a .mov .avi .mkv .wav .ogg .webm .flac
    .woff .woff2 .ttf .otf .eot .css .scss .less .js .mjs .map thumbs.db desktop.ini
"""
NO_WORDS = frozenset(_ENDINGS.split())
"""Endings of what stands beside documents and is not missed: pictures, sounds, fonts, what makes a page look."""
MOST_KINDS = 20


class PassedOver:
    """Counts the files that are not read."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()

    def note(self, name: str) -> None:
        """Count a file by its ending, or by its name where it has none."""
        path = PurePosixPath(name)
        kind = (path.suffix or path.name).lower()
        if kind not in NO_WORDS:
            self._kinds[kind] += 1

    def told(self, name: str, origin: str = "") -> Iterator[Refused]:
        """What is said of the folder or zip with that name; nothing where nothing was passed over."""
        if not self._kinds:
            return
        kinds = [f"{count} {shown_name(kind)}" for kind, count in self._kinds.most_common(MOST_KINDS)]
        if len(self._kinds) > MOST_KINDS:
            kinds.append("…")
        why = reason("files.passed_over", count=self._kinds.total(), kinds=", ".join(kinds))
        yield Refused(shown_name(name), origin, 0, why, passed_over=True)
