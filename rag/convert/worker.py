"""Converts one file: `python -m rag.convert.worker KIND MEGABYTES`, from standard input to Markdown on standard output.

Exit codes: 0 done, 3 the file is protected by a password, 4 it could not be read as what its name says. Anything else
is a crash.
"""

from __future__ import annotations

import io
import re
import sys
from typing import Any

from .formats import PROTECTED, UNREADABLE


def convert(kind: str, file: io.BytesIO) -> str:
    """Markdown of an HTML, PDF, DOCX or PPTX file. Raises what the libraries raise."""
    if kind == "pdf":
        from .pdf import pdf_to_markdown

        return pdf_to_markdown(file)
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter, HtmlConverter, PptxConverter

    converters: dict[str, tuple[type[Any], str]] = {
        "html": (HtmlConverter, ".html"),
        "docx": (DocxConverter, ".docx"),
        "pptx": (PptxConverter, ".pptx"),
    }
    converter, extension = converters[kind]
    result = converter().convert(file, StreamInfo(extension=extension))
    text = str(result.text_content)
    return _slides(text) if kind == "pptx" else _titled(text, str(result.title or ""))


def _slides(text: str) -> str:
    """Slide numbers as headings: `# Slide 3: its title`; what was a heading on a slide goes one level down."""
    parts = re.split(r"<!-- Slide number: (\d+) -->", text)
    slides: list[str] = []
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        title, rest = "", body.strip()
        if found := re.match(r"# ([^\n]*)\n?", rest):
            title, rest = found[1].strip(), rest[found.end() :].strip()
        rest = re.sub(r"^(#{1,5}) ", r"#\1 ", rest, flags=re.MULTILINE)
        slides.append(f"# Slide {number}{': ' + title if title else ''}\n\n{rest}".strip())
    return "\n\n".join(slides)


def _titled(text: str, title: str) -> str:
    """The text under the document's title, where it has no heading of its own."""
    title = " ".join(title.split())
    return f"# {title}\n\n{text}" if title and not re.search(r"^#{1,6} ", text, re.MULTILINE) else text


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
