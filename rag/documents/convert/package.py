"""Check of an Office file before a library opens it: a few kilobytes can unpack to gigabytes of XML."""

from __future__ import annotations

from typing import BinaryIO
from zipfile import ZipFile

from rag.errors import DocumentRefused
from rag.messages import reason

MB = 1_000_000
MOST_XML = 40 * MB
"""Unpacked bytes of all parts that are parsed: a tree of XML takes some ten times as much memory. A book has 5 MB."""
MOST_BYTES = 200 * MB
"""Unpacked bytes, pictures and all."""


def check_package(file: BinaryIO, kind: str) -> None:
    """Raises DocumentRefused when it would be too large unpacked, and BadZipFile when it is none.

    The sizes are those the file gives of itself; no more than these are ever unpacked by the libraries.
    """
    at = file.tell()
    with ZipFile(file) as archive:
        sizes = [
            (info.filename.lower().endswith((".xml", ".rels", ".vml")), info.file_size) for info in archive.infolist()
        ]
    file.seek(at)
    for found, most in (
        (sum(size for is_xml, size in sizes if is_xml), MOST_XML),
        (sum(size for _, size in sizes), MOST_BYTES),
    ):
        if found > most:
            values = {"size": found // MB, "limit": most // MB}
            raise DocumentRefused(reason("convert.too_large_inside", kind=kind.upper(), **values))
