"""The bytes of a file to its text, or the reason why it has none. Pure.

UTF-8 is tried first, because other text is almost never valid UTF-8; then what a byte order mark says; then the
encodings Chinese and European editors wrote before UTF-8. A guess must be clear to be taken: text decoded wrongly
would be searched and quoted wrongly.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

from charset_normalizer import from_bytes

from rag.errors import DocumentRefused
from rag.messages import reason

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KNOWN_BINARY = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP, DOCX, XLSX, EPUB"),
    (b"\xd0\xcf\x11\xe0", "DOC, XLS"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x7fELF", "ELF"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_PLAIN = re.compile(r"[\s -~]")
_TWO_BYTES = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
_ONE_BYTE = ("cp1252", "cp1254", "cp1251", "koi8_r", "cp866", "cp1253", "cp1250", "iso8859_2")
"""Encodings guessed at; where two explain a file about equally well, the earlier one is taken."""
_BESIDE = "\u0080-\u009f¡-©«-±´-¹»-¿×÷ˇ˘˙˛˝─-▟"
_ODD = re.compile(rf"[a-zà-ÿа-яα-ω](?=[À-ÞА-ЯΑ-Ω])|[^\W\d_](?=[{_BESIDE}][^\W\d_])|[\u0080-\u009f─-▟]")
"""Capitals and signs within words, as a wrong encoding of one byte makes them."""
_TURKISH = re.compile("[ýþðÝÞÐ]")
_ICELANDIC = re.compile("[áéíóúæÁÉÍÓÚÆ]")
"""Letters of Icelandic that Turkish does not have; the others it shares the bytes of."""
MOST_ODD = 0.2
"""Share of odd places among letters that are not ASCII above which a guess is not taken."""

_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
"""Kana that hardly anyone writes, but Shift JIS finds in any text of two-byte characters."""

_HIGH_RUN = re.compile(rb"[\x80-\xff]+")

SAMPLE = 65_536
"""Bytes looked at where an encoding has to be guessed; the whole file must then decode by it."""

CONTROL_SHARE = 0.01
"""Share of control characters in a text; a stray one is common, binary data has a tenth."""

REPAIRS = 1000
"""Characters of UTF-8 text per damaged one that are repaired with U+FFFD, where the reader sees it."""

CHAOS = 0.5
"""Share of unlikely character sequences above which a guess is not taken."""


def decode(data: bytes) -> str:
    """The text of a file, without a byte order mark. Line ends stay as they are.

    Raises DocumentRefused when it is empty, blank, not text, or in no encoding that can be told for certain.
    """
    text = _decoded(data)
    if len(_CONTROLS.findall(text)) > CONTROL_SHARE * len(text) or "\0" in text:
        raise DocumentRefused(reason("files.binary"))
    if not any(unicodedata.category(character)[0] not in "ZC" for character in text):
        raise DocumentRefused(reason("files.blank" if data else "files.empty"))
    return text


def _decoded(data: bytes) -> str:
    for magic, kind in _KNOWN_BINARY:
        if data.startswith(magic):
            raise DocumentRefused(reason("files.known_binary", kind=kind))
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _by_mark(data[len(mark) :], encoding)
    if b"\0" in data:
        return _without_mark(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _repaired(data) or _guessed(data)


def _without_mark(data: bytes) -> str:
    """UTF-16 of the byte order that makes more of it plain; the other one makes rare signs of blanks and line ends."""
    found = []
    for encoding in ("utf-16-le", "utf-16-be"):
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            strange = sum(unicodedata.category(each) in ("Cc", "Cn", "Co", "Cs") for each in text[:SAMPLE])
            found.append((strange - len(re.findall(r"[\t\r\n]", text[:SAMPLE])), -len(_PLAIN.findall(text)), text))
    strange, plain, text = min(found, default=(1, 0, ""))
    if strange or not plain:
        raise DocumentRefused(reason("files.binary"))
    return text


def _by_mark(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as e:
        text = _repaired(data) if encoding == "utf-8" else ""
        if text:
            return text
        raise DocumentRefused(reason("files.damaged", encoding=encoding, position=e.start)) from e


def _repaired(data: bytes) -> str:
    """UTF-8 with a few damaged places, each shown as U+FFFD; "" when it is no such text."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    sound = len(_NOT_ASCII.findall(text)) - damaged
    return text if sound >= 10 * damaged and len(text) >= REPAIRS * damaged else ""


def _guessed(data: bytes) -> str:
    # A line end is never half of a character in these encodings.
    sample = data[: data.find(b"\n", SAMPLE) + 1 or len(data)]
    # Accented letters come alone now and then; characters of two bytes never do.
    paired = all(len(run) % 2 == 0 for run in _HIGH_RUN.findall(sample))
    candidates = _TWO_BYTES if paired else (*_TWO_BYTES, *_ONE_BYTE)
    ranked = sorted(
        (
            _HALF_WIDTH.search(str(match)) is not None,
            _odd(str(match), encoding),
            round(match.chaos, 1),
            -round(match.coherence, 1),
            candidates.index(encoding),
        )
        for match in from_bytes(sample, cp_isolation=list(candidates), threshold=CHAOS)
        for encoding in match.could_be_from_charset
        if encoding in candidates
    )
    ranked = [each for each in ranked if each[1] <= MOST_ODD]
    for *_, position in ranked:
        with suppress(UnicodeDecodeError):
            return data.decode(candidates[position])
    raise DocumentRefused(reason("files.unknown_encoding"))


def _odd(text: str, encoding: str) -> float:
    """Share of places that hardly any text has, among the letters that are not ASCII; of one-byte encodings alone."""
    if encoding not in _ONE_BYTE:
        return 0.0
    turkish = _TURKISH.search(text) is not None and _ICELANDIC.search(text) is None
    letters = len(_NOT_ASCII.findall(text))
    return round(len(_ODD.findall(text)) / max(letters, 1), 1) + (turkish and encoding == "cp1252") * 0.1
