"""Documents of other formats to Markdown: HTML, PDF, Word and PowerPoint.

formats     which file is of which format
embedded    files that a text carries in itself, left out
worker      one conversion, in a process of its own
html, word, slides, pdf    what it does for each format; bookmarks: the outline of a PDF; ruled: its tables
properties  what a file says of itself, as front matter
process     starts that process, bounds its time and memory, turns its failures into reasons

A converter reads files that strangers made with libraries that were not made for strangers, so it runs outside the
app: what hangs, crashes or takes all memory there costs one file.
"""

from __future__ import annotations

from .embedded import without_files
from .formats import CONVERTED, PLACE, kind_of
from .process import ConvertLimits, to_markdown

__all__ = ["CONVERTED", "PLACE", "ConvertLimits", "kind_of", "to_markdown", "without_files"]
