"""Documents of other formats to Markdown: HTML, PDF, Word, PowerPoint, CSV and TSV.

formats     which file is of which format, and which converter takes it
embedded    files that a text carries in itself, left out
html, word, slides, pdf, delimited    what it does for each format; bookmarks: the outline of a PDF; ruled: its tables
properties  what a file says of itself, as front matter
package     what is in an Office file, before a library opens it

A converter reads files that strangers made with libraries that were not made for strangers, so it runs in a worker of
`rag.documents.worker`: what hangs, crashes or takes all memory there costs one file.
"""

from __future__ import annotations

from .embedded import without_files
from .formats import CONVERTED, PLACE, converter, extension_of, kind_of

__all__ = ["CONVERTED", "PLACE", "converter", "extension_of", "kind_of", "without_files"]
