"""Converts one file: `python -m rag.convert.worker KIND MEGABYTES`, from standard input to Markdown on standard output.

Exit codes: 0 done, 3 the file is protected by a password, 4 it could not be read as what its name says. Anything else
is a crash.
"""

from __future__ import annotations

import io
import sys

from .formats import PROTECTED, UNREADABLE


def convert(kind: str, file: io.BytesIO) -> str:
    """Markdown of an HTML, PDF, DOCX or PPTX file. Raises what the libraries raise."""
    if kind == "pdf":
        from .pdf import pdf_to_markdown as to_markdown
    elif kind == "html":
        from .html import html_to_markdown as to_markdown
    elif kind == "docx":
        from .word import word_to_markdown as to_markdown
    else:
        from .slides import slides_to_markdown as to_markdown
    return to_markdown(file)


def _protected(error: BaseException) -> bool:
    names = {type(e).__name__ for e in (error, error.__cause__, error.__context__) if e}
    return bool(names & {"PDFPasswordIncorrect", "PDFEncryptionError"})


def _bound(megabytes: int) -> None:
    """Limit this process's address space, where the system has a limit that works."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def main() -> int:
    _bound(int(sys.argv[2]))
    data = sys.stdin.buffer.read()
    if sys.argv[1] != "html" and data.startswith(b"\xd0\xcf\x11\xe0"):
        return PROTECTED  # Office files with a password are wrapped in the old container format
    try:
        text = convert(sys.argv[1], io.BytesIO(data))
    except Exception as e:  # whatever a library makes of a broken file: the parent has words for it
        sys.stderr.write(type(e).__name__)
        return PROTECTED if _protected(e) else UNREADABLE
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
