"""Files, folders and zips on a real disk, and their bytes to text."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.files import FileLimits, Refused, Upload, collect, decode
from rag.documents.files.names import clean_name, shown_name
from rag.errors import DocumentRefused
from rag.messages import LANGUAGES, text
from rag.types import Source
from tests import DATA

CORPUS = DATA / "corpus"
LIMITS = FileLimits()


def taken(*paths: Path | Upload, limits: FileLimits = LIMITS) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was taken, name -> bytes, and what was refused, name -> code. Every reason can be said."""
    found = list(collect(paths, limits=limits))
    refused = [each for each in found if isinstance(each, Refused)]
    assert all(text(each.reason, language) for each in refused for language in LANGUAGES)
    sources = {each.name: each.data for each in found if isinstance(each, Source)}
    return sources, {each.name: each.reason.code.removeprefix("files.") for each in refused}


def zipped(path: Path, members: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return path


# ---- files and folders ----------------------------------------------------------------------------------------------


def test_folder_gives_its_markdown_by_relative_name() -> None:
    sources, refused = taken(CORPUS)
    assert list(sources) == ["mixed.md", "nasty.md", "guides/backup.md", "guides/limits.md", "zh/faq.md"]
    assert sources["zh/faq.md"] == (CORPUS / "zh" / "faq.md").read_bytes()
    assert refused == {}


def test_folder_passes_over_what_is_hidden_foreign_or_linked_from_outside(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / ".git", root / "sub", outside):
        folder.mkdir(parents=True)
    for path in (root / ".git" / "a.md", root / ".b.md", root / "c.png", root / "D.MD", outside / "secret.md"):
        path.write_text("x")
    (root / "link.md").symlink_to(outside / "secret.md")
    (root / "linked").symlink_to(outside)
    (root / "sub" / "loop").symlink_to(root)
    (root / "inside.md").symlink_to(root / "D.MD")
    (root / "gone.md").symlink_to(root / "nothing.md")
    zipped(root / "more.zip", {"a.md": b"x"})
    sources, refused = taken(root)
    assert list(sources) == ["D.MD", "inside.md"]
    assert refused == {"gone.md": "unreadable", "more.zip": "zip_nested"}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_is_no_document_is_told_of_in_one_line(tmp_path: Path, kind: str) -> None:
    names = ["a.md", "a.rst", "sub/b.RST", "sub/c.xyz", "LICENSE", "p.png", "s.css", ".hidden/d.rst"]
    root = tmp_path / "mix"
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    offered = zipped(tmp_path / "mix.zip", dict.fromkeys(names, b"x")) if kind == "zip" else root
    document, told = collect([offered], limits=LIMITS)
    assert document.name == "a.md" and isinstance(told, Refused) and told.passed_over
    assert told.name == offered.name
    assert text(told.reason, "en").startswith("4 files passed over: 2 .rst, 1 ")
    assert text(told.reason, "zh").startswith("略过 4 个文件：2 .rst, 1 ")


def test_a_folder_of_nothing_else_holds_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.rst").write_text("x")
    codes = [each.reason.code for each in collect([tmp_path], limits=LIMITS) if isinstance(each, Refused)]
    assert codes == ["files.passed_over", "files.nothing_inside"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("a.png", "extension"), ("noextension", "extension"), ("missing.md", "not_found"), ("folder", "nothing_inside")],
)
def test_refused_path(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "folder").mkdir()
    if code == "extension":
        (tmp_path / name).write_text("x")
    assert taken(tmp_path / name) == ({}, {name: code})


def test_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "a.md").write_text("x")
    assert taken(tmp_path / "pipe.md", tmp_path) == ({"a.md": b"x"}, {"pipe.md": "not_a_file"})


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_unreadable_file_does_not_stop_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "a.md").chmod(0)
    (tmp_path / "b.md").write_text("y")
    assert taken(tmp_path) == ({"b.md": b"y"}, {"a.md": "unreadable"})


@pytest.mark.parametrize("name", ["Guide.md", "C:\\docs\\Guide.md", "../../Guide.md"])
def test_upload_keeps_the_last_part_of_its_own_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "0a1b").write_text("x")
    assert taken(Upload(tmp_path / "0a1b", name)) == ({"Guide.md": b"x"}, {})


SECOND, TOTAL = 1000, 1500


@pytest.mark.parametrize(
    ("limits", "names", "code"),
    [
        pytest.param(FileLimits(max_file_bytes=SECOND - 1), ["a.md"], "too_large", id="one file"),
        pytest.param(FileLimits(max_files=1), ["a.md"], "too_many", id="number of files"),
        pytest.param(FileLimits(max_total_bytes=TOTAL - 1), ["a.md"], "too_much", id="bytes in all"),
        pytest.param(
            FileLimits(max_file_bytes=SECOND, max_files=2, max_total_bytes=TOTAL),
            ["a.md", "b.md"],
            "",
            id="at the limit",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_limits(tmp_path: Path, limits: FileLimits, names: list[str], code: str, kind: str) -> None:
    files = {"a.md": b"1" * (TOTAL - SECOND), "b.md": b"2" * SECOND}
    if kind == "zip":
        offered = zipped(tmp_path / "z.zip", files)
    else:
        offered = tmp_path / "folder"
        offered.mkdir()
        for name, data in files.items():
            (offered / name).write_bytes(data)
    sources, refused = taken(offered, limits=limits)
    assert list(sources) == names
    assert refused == ({"b.md": code} if code else {})


# ---- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a.md", "a.md"),
        ("./a//b/./c.md", "a/b/c.md"),
        ("cafe\u0301.md", "caf\u00e9.md"),
        ("文件/说明.md", "文件/说明.md"),
        ("a..b.md", "a..b.md"),
    ],
)
def test_clean_name(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../a.md", "name_outside"),
        ("a/../../b.md", "name_outside"),
        ("/etc/a.md", "name_outside"),
        ("C:/a.md", "name_outside"),
        ("a\\b.md", "name_outside"),
        ("a\x00.md", "name_control"),
        ("a\n.md", "name_control"),
        ("a\u202edm.exe", "name_control"),
        ("a\udcff.md", "name_control"),
        ("./.", "name_empty"),
        ("", "name_empty"),
        ("é" * 600, "name_long"),
    ],
)
def test_refused_name(name: str, code: str) -> None:
    with pytest.raises(DocumentRefused) as refusal:
        clean_name(name)
    assert refusal.value.reason.code == f"files.{code}"
    assert text(refusal.value.reason, "zh")


@given(st.text(max_size=60))
def test_a_clean_name_is_plain_and_stays_as_it_is(name: str) -> None:
    try:
        clean = clean_name(name)
    except DocumentRefused:
        return
    assert clean_name(clean) == clean == shown_name(clean)
    assert ".." not in clean.split("/") and not clean.startswith("/") and "\\" not in clean
    clean.encode()


# ---- zips -----------------------------------------------------------------------------------------------------------


def test_zip_gives_its_markdown_with_where_it_came_from(tmp_path: Path) -> None:
    members = {"d/a.md": b"x", "d/.h.md": b"h", "__MACOSX/d/._a.md": b"m", "d/i.png": b"i", "b.TXT": b"y", "d/": b""}
    path = zipped(tmp_path / "docs.zip", members)
    assert [(each.name, each.origin) for each in collect([path], limits=LIMITS)] == [
        ("d/a.md", "docs.zip"),
        ("b.TXT", "docs.zip"),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../evil.md", "name_outside"),
        ("/etc/evil.md", "name_outside"),
        ("C:\\evil.md", "name_outside"),
        ("..\\evil.md", "name_outside"),
        ("\\evil.md", "name_outside"),
        ("d/a\\b.md", "name_outside"),
        ("a\x1b[2J.md", "name_control"),
    ],
)
def test_bad_zip_entry_is_refused_and_the_next_one_taken(tmp_path: Path, name: str, code: str) -> None:
    path = zipped(tmp_path / "z.zip", {name: b"bad", "good.md": b"good"})
    taken_in, refused = taken(path)
    assert taken_in == {"good.md": b"good"}
    assert list(refused.values()) == [code] and next(iter(refused)).replace("/", "\\") == shown_name(name).replace(
        "/", "\\"
    )


def test_backslashes_between_folders_are_slashes_where_no_entry_has_any(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"docs\\deep\\a.md": b"a", "docs\\": b"", "b.md": b"b"})
    assert taken(path) == ({"docs/deep/a.md": b"a", "b.md": b"b"}, {})


def test_a_zip_in_a_zip_is_opened_and_one_in_that_is_not(tmp_path: Path) -> None:
    deep = zipped(tmp_path / "deep.zip", {"deep.md": b"x"}).read_bytes()
    inner = zipped(tmp_path / "inner.zip", {"p/a.md": b"a", "deep.zip": deep}).read_bytes()
    path = zipped(tmp_path / "z.zip", {"inner.zip": inner, "broken.zip": b"bad", "b.md": b"b"})
    found = list(collect([path], limits=LIMITS))
    assert [(each.name, each.origin) for each in found if isinstance(each, Source)] == [
        ("p/a.md", "z.zip › inner.zip"),
        ("b.md", "z.zip"),
    ]
    assert [each.reason.code for each in found if isinstance(each, Refused)] == ["files.zip_nested", "files.zip_broken"]


def test_zips_in_a_zip_are_bounded_together(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.md": b"a" * 5000}, method=zipfile.ZIP_STORED).read_bytes()
    path = zipped(tmp_path / "z.zip", {f"{n}.zip": inner for n in range(25)}, method=zipfile.ZIP_DEFLATED)
    codes = [each.reason.code for each in collect([path], limits=LIMITS) if isinstance(each, Refused)]
    assert codes == ["files.zip_nested"] * 5
    limits = FileLimits(max_total_bytes=path.stat().st_size)
    codes = [each.reason.code for each in collect([path], limits=limits) if isinstance(each, Refused)]
    assert "files.too_much" in codes


def test_zip_entry_name_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"evil.md#.md": b"bad"})
    path.write_bytes(path.read_bytes().replace(b"evil.md#.md", b"evil.md\0.md"))
    assert taken(path) == ({}, {"evil.md\ufffd.md": "name_control"})


def test_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert taken(tmp_path / "z.zip") == ({}, {"link.md": "zip_link"})


def test_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.md": b"x" * 50})
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    path.write_bytes(data)
    assert taken(path) == ({}, {"a.md": "zip_encrypted"})


def test_unusual_compression_is_refused(tmp_path: Path) -> None:
    assert taken(zipped(tmp_path / "z.zip", {"a.md": b"x"}, method=zipfile.ZIP_LZMA)) == ({}, {"a.md": "zip_method"})


def test_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    assert taken(zipped(tmp_path / "z.zip", {"a.md": b"\0" * 5_000_000})) == ({}, {"a.md": "zip_ratio"})


def test_entries_that_grow_together_are_refused_with_their_zip(tmp_path: Path) -> None:
    small = {f"{i}.md": b"\0" * 900_000 for i in range(3)}
    assert taken(zipped(tmp_path / "z.zip", small)) == ({}, {"z.zip": "zip_ratio"})
    assert taken(zipped(tmp_path / "one.zip", {"a.md": b"-" * 900_000}))[1] == {}


def test_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.md": b"\0" * 5_000_000})
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10)))
    assert taken(path) == ({}, {"a.md": "zip_member_broken"})


def test_damaged_entry_does_not_stop_the_next(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.md": b"first one", "b.md": b"second"}, method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"first one", b"fIrst one"))
    assert taken(path) == ({"b.md": b"second"}, {"a.md": "zip_member_broken"})


def test_zip_with_too_many_entries_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {f"{n}.png": b"" for n in range(20_001)}, method=zipfile.ZIP_STORED)
    assert taken(path) == ({}, {"z.zip": "zip_large"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "zip_broken", id="empty"),
        pytest.param(b"not a zip" * 100, "zip_broken", id="no zip"),
        pytest.param(b"PK\x05\x06" + b"\0" * 10, "zip_broken", id="cut in its end"),
        pytest.param(
            b"PK\x05\x06" + b"\0" * 4 + b"\1\0\1\0" + b"\x40\0\0\0" * 2 + b"\0\0", "zip_broken", id="no entries"
        ),
        pytest.param(b"PK\x06\x07" + b"\0" * 16 + b"PK\x05\x06" + b"\0" * 18, "zip_zip64", id="zip64"),
        pytest.param(b"PK\x05\x06" + b"\0" * 18, "nothing_inside", id="nothing in it"),
    ],
)
def test_broken_zip(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "z.zip").write_bytes(data)
    assert taken(tmp_path / "z.zip") == ({}, {"z.zip": code})


def test_zip_above_the_limit_of_all_files_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.md": b"x"})
    assert taken(path, limits=FileLimits(max_total_bytes=20)) == ({}, {"z.zip": "too_large"})


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["手册/安装说明.md"], "gbk"),
        (["手册/说明.md"], "utf-8"),
        (["Übung.md", "café.md"], "cp437"),
        (["Übersicht.md"], "cp437"),
        (["資料/取扱説明書.md"], "cp932"),
        (["マニュアル.md", "設定ガイド.md"], "cp932"),
        (["使用說明書.md"], "big5"),
        (["설명서/사용자 안내.md"], "cp949"),
        (["안내.md", "설치 방법.md"], "cp949"),
        (["Инструкция/Насос 2.md"], "cp866"),
        (["Лампа.md", "НАСОС.md"], "cp1251"),
        (["操作手册.md", "说明/安装步骤.md", "报告.md"], "gbk"),
        (["Größe.md", "Maße.md"], "cp437"),
        *[([f"{name}.md"], "gbk") for name in ("备份", "权限", "前端", "资料", "论文")],
        *[([f"{name}.md"], "cp932") for name in ("メモ", "点検")],
    ],
    ids=[
        "GBK",
        "UTF-8 without saying so",
        "DOS",
        "DOS with a letter pair",
        "Shift JIS",
        "kana",
        "Big5",
        "Korean",
        "Korean in two",
        "Russian DOS",
        "Russian Windows",
        "GBK in three",
        "DOS in two",
        *[f"two characters of GBK, {at}" for at in range(1, 6)],
        *[f"two characters of Shift JIS, {at}" for at in range(1, 3)],
    ],
)
def test_zip_names_without_an_encoding(tmp_path: Path, names: list[str], encoding: str) -> None:
    path = tmp_path / "z.zip"
    placeholders = {name: "x" * (len(name.encode(encoding)) - 3) + ".md" for name in names}
    placeholders = {name: str(at) + placeholder[1:] for at, (name, placeholder) in enumerate(placeholders.items())}
    zipped(path, dict.fromkeys(placeholders.values(), b"x"))
    data = path.read_bytes()
    for name, placeholder in placeholders.items():
        data = data.replace(placeholder.encode(), name.encode(encoding))
    path.write_bytes(data)
    assert list(taken(path)[0]) == names


def test_of_two_entries_with_one_name_both_are_reported(tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        warnings.simplefilter("ignore", UserWarning)  # zipfile's own, for writing such a zip
        archive.writestr("a.md", "first")
        archive.writestr("a.md", "second")
    found = [each.data for each in collect([tmp_path / "z.zip"], limits=LIMITS) if isinstance(each, Source)]
    assert found == [b"first", b"second"]


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(1, 60))
def test_no_damage_to_a_zip_raises(tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int, cut: int) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", "text " * 20)
        archive.writestr("ü/b.md", "text " * 20)
    data = whole.getvalue()
    path = tmp_path_factory.mktemp("zips") / "z.zip"
    path.write_bytes(data[:at] + junk + data[at + cut :])
    sources, refused = taken(path)
    assert sources or refused


# ---- text -----------------------------------------------------------------------------------------------------------

ZH = "# 安装指南\n\n本手册介绍如何安装和配置向量数据库。首先下载安装包，然后运行脚本。"
TW = "# 概要\n\n本手冊介紹如何安裝和設定向量資料庫。首先下載安裝檔，然後執行指令。"
JA = "# 概要\n\nこのドキュメントはインストール方法を説明します。データベースを起動してください。"
KO = "# 개요\n\n이 문서는 설치 방법을 설명합니다. 데이터베이스를 시작하세요."
FR = "# Résumé\n\nL'été dernier, nous étions à Noël — déjà vu, cœur brisé, garçon naïf."
DE = "# Übersicht\n\nDie Größe der Straße läßt sich ändern. Schöne Grüße."
RU = "# Обзор\n\nЭтот документ описывает установку базы данных."
TR = "# Özet\n\nLamba yeşil yanıyor. Her beş ayda bir kontrol edin, ışığı söndürün."
IS = "# Yfirlit\n\nÞetta skjal lýsir því hvernig á að setja upp búnaðinn."
EN = "# Overview\n\nThe lamp is green. Check it every month."
PL = "# Przegląd\n\nZażółć gęślą jaźń. Łódź jest pięknym miastem."


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        *[(ZH, e) for e in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "gbk", "gb18030")],
        *[("用户手册", "gbk"), (TW, "big5"), (JA, "shift_jis"), (JA, "euc_jp"), (KO, "euc_kr")],
        *[(FR, "cp1252"), (DE, "cp1252"), (RU, "cp1251"), (PL, "cp1250"), ("naïve approach", "cp1252")],
        *[(RU, "koi8_r"), (RU, "cp866"), (PL, "iso8859_2"), (TR, "cp1254"), (IS, "cp1252")],
        *[(each, e) for each in (ZH, JA, KO, RU, EN, PL) for e in ("utf-16-le", "utf-16-be")],
        *[("plain words " * 200 + "café", "cp1252"), ("An English text with one 词语 in it.", "gbk")],
    ],
)
@pytest.mark.parametrize("times", [1, 40])
def test_encoding_is_found_and_nothing_lost(written: str, encoding: str, times: int) -> None:
    assert decode("\r\n".join([written] * times).encode(encoding)) == "\r\n".join([written] * times)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"\xef\xbb\xbf \r\n\t\xe3\x80\x80", "blank", id="blanks"),
        pytest.param("\u200b\ufeff".encode(), "blank", id="nothing that shows"),
        pytest.param(b"text\0text", "binary", id="a null byte"),
        pytest.param(b"\x01\x02\x03\x04text", "binary", id="control characters"),
        pytest.param(b"%PDF-1.7\ntext", "known_binary", id="a PDF"),
        pytest.param(b"PK\x03\x04text", "known_binary", id="a Word file"),
        pytest.param(b"\xff\xfea\x00b", "damaged", id="half a character"),
        pytest.param(random.Random(1).randbytes(4000).replace(b"\0", b""), "unknown_encoding", id="noise"),
    ],
)
def test_not_text(data: bytes, code: str) -> None:
    with pytest.raises(DocumentRefused) as refusal:
        decode(data)
    assert refusal.value.reason.code == f"files.{code}"
    assert all(text(refusal.value.reason, language) for language in LANGUAGES)


def test_a_few_damaged_bytes_are_repaired_where_they_show() -> None:
    data = (ZH * 60).encode()
    assert decode(data[:-1]) == (ZH * 60)[:-1] + "\ufffd"


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        assert decode(data).strip()
    except DocumentRefused as refusal:
        assert refusal.reason.code.startswith("files.")


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_text_in_utf_8_is_what_it_was(written: str) -> None:
    assert decode(written.encode()) == written


def test_files_of_one_name_from_several_folders_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("a/docs", "b/docs", "b/more"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "README.md").write_text(folder)
    (tmp_path / "b/more/only.md").write_text("only")

    def names(*paths: str) -> list[str]:
        return [found.name for found in collect([tmp_path / path for path in paths], limits=FileLimits())]

    assert names("a/docs", "b/docs") == ["a/docs/README.md", "b/docs/README.md"]
    assert names("b/docs", "a/docs") == ["b/docs/README.md", "a/docs/README.md"]
    assert names("b/docs", "b/more") == ["docs/README.md", "more/README.md", "only.md"]
    assert names("a/docs/README.md", "b/more/README.md") == ["docs/README.md", "more/README.md"]
    assert names("b/more") == ["README.md", "only.md"], "alone it is called as ever"
    assert names("a/docs", "a/docs") == ["README.md", "README.md"], "it is the same one"
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("README.md", "b")
    assert names("a/docs", "b.zip") == ["docs/README.md", "b/README.md"]


def test_of_what_a_browser_sends_only_zips_tell_files_of_one_name_apart(tmp_path: Path) -> None:
    for folder in ("0", "1", "2", "3"):
        (tmp_path / folder).mkdir()
    for folder in ("0", "1"):
        (tmp_path / folder / "README.md").write_text(folder)
    sent = [tmp_path / "0/README.md", tmp_path / "1/README.md"]
    sent += [zipped(tmp_path / f"{at}/site{at}.zip", {"README.md": b"x"}) for at in (2, 3)]
    offered = [Upload(path, path.name) for path in sent]
    found = [each.name for each in collect(offered, limits=LIMITS)]
    assert found == ["README.md", "README.md", "site2/README.md", "site3/README.md"]


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        pytest.param("folder", FileLimits(max_files=2), id="number of files in a folder"),
        pytest.param("zip", FileLimits(max_files=2), id="number of files in a zip"),
        pytest.param("folder", FileLimits(max_total_bytes=6), id="bytes in a folder"),
    ],
)
def test_offered_again_and_again_everything_gets_in(tmp_path: Path, limits: FileLimits, kind: str) -> None:
    files = {f"{n}.md": b"%d%d%d" % (n, n, n) for n in range(5)}
    if kind == "zip":
        offered = zipped(tmp_path / "z.zip", files)
    else:
        offered = tmp_path / "folder"
        offered.mkdir()
        for name, data in files.items():
            (offered / name).write_bytes(data)
    there: dict[str, str] = {}
    refused = []
    for _ in range(3):
        found = list(collect([offered], limits=limits, there=there))
        there |= {each.name: sha256(each.data).hexdigest() for each in found if isinstance(each, Source)}
        refused.append(sum(isinstance(each, Refused) for each in found))
    assert refused == [3, 1, 0] and sorted(there) == sorted(files)


def test_a_changed_file_counts_towards_the_limits(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"new")
    (tmp_path / "b.md").write_bytes(b"old")
    there = {name: sha256(b"old").hexdigest() for name in ("a.md", "b.md")}
    found = list(collect([tmp_path], limits=FileLimits(max_files=1), there=there))
    assert [type(each) for each in found] == [Source, Source]
    (tmp_path / "b.md").write_bytes(b"new")
    (_, second) = collect([tmp_path], limits=FileLimits(max_files=1), there=there)
    assert isinstance(second, Refused) and second.reason.code == "files.too_many"
