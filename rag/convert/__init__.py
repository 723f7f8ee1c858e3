"""Documents of other formats to Markdown: HTML, PDF, Word and PowerPoint.

formats   which file is of which format
worker    one conversion, in a process of its own
process   starts that process, bounds its time and memory, turns its failures into reasons

A converter reads files that strangers made with libraries that were not made for strangers, so it runs outside the
app: what hangs, crashes or takes all memory there costs one file.
"""

from __future__ import annotations

from .formats import CONVERTED, kind_of
from .process import ConvertLimits, to_markdown

__all__ = ["CONVERTED", "ConvertLimits", "kind_of", "to_markdown"]
