"""Numbered things of a text: article 10, room 205, § 3.2, 第十条. Pure.

A thing is told by its kind, whatever the language, and its number as digits: `Article X`, `第十条` and `articles 9 to
11` all name article 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

Designation = tuple[str, str]
"""The kind of a numbered thing, and its number."""

_KINDS = {
    "article": "article articles art artikel artículo artículos articolo artigo статья статьи статье 条",
    "section": "section sections sec abschnitt abschnitte sección seção sezione paragraph paragraphs раздел § §§ 节 節",
    "clause": "clause clauses klausel cláusula clausola пункт 款 条款",
    "chapter": "chapter chapters ch kapitel capítulo capitolo chapitre глава 章",
    "part": "part parts teil parte partie часть 部分 编",
    "annex": "annex appendix anhang anlage anexo annexe allegato приложение 附录 附件",
    "rule": "rule rules regel regla règle правило 规则",
    "room": "room rooms raum zimmer sala habitación salle chambre stanza комната кабинет 室 房间 房 教室 会议室 号房间",
    "building": "building buildings gebäude edificio bâtiment здание 号楼 栋",
    "floor": "floor floors etage stock piso étage этаж 层 楼",
    "step": "step steps schritt paso passo étape шаг 步骤 步",
    "page": "page pages seite página pagina страница 页",
    "table": "table tables tabelle tabla tableau tabella таблица 表",
    "figure": "figure figures fig abbildung figura рисунок 图",
    "lesson": "lesson lessons unit units lektion lección leçon урок 课 单元",
    "question": "question questions frage pregunta вопрос 题",
    "item": "item items position pos 项",
    "error": "error errors fault faults alarm alarms code codes fehler código ошибка 错误 故障 代码 错误代码 报警",
    "port": "port ports puerto porto порт 端口",
    "gate": "gate gates platform platforms track tracks gleis andén quai 登机口 站台",
    "line": "line lines linie línea ligne линия 行 号线",
    "order": "order orders ticket tickets invoice invoices case bestellung rechnung pedido factura заказ 订单 工单",
    "zone": "zone zones level levels stage stages phase phases class classes type types group groups klasse 级 阶段 组",
    "version": "version versions release releases ver versión versão versione версия 版本 版",
}
"""Kind of thing -> what it is called; whoever adds a language adds its words here."""
FIRM = frozenset(
    {"article", "section", "clause", "chapter", "annex", "rule", "room", "building", "error", "order", "version"}
)
"""Kinds whose number is a name: who asks for one of them wants no other."""

_CALLED = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_UNSPACED = sorted((n for n in _CALLED if re.search(r"[\u3400-\u9fff]", n)), key=len, reverse=True)
_SIGNS = "零〇一二两三四五六七八九十百千"
_WORDS = (  # noqa: SIM905
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_DIGITS = r"[0-9]++(?:\.[0-9]++)*+[A-Za-z]?(?![0-9A-Za-z_]|[.,][0-9])"
_LETTERS = r"(?-i:[IVXLC]{2,7}|I(?! [a-z])|[A-HJ-Z])(?![A-Za-z])|(?-i:[A-Z])[0-9]{1,4}(?![0-9A-Za-z])"
_ONE = rf"(?:{_DIGITS}|{_LETTERS}|(?:{'|'.join(reversed(_WORDS))})\b)"
_JOINED = r"\s?(?:,|;|/|&|to|and|or|bis|und|oder|a|y|o|e|et|ou|à|и|по|[-–—~～至到、和或与])\s?"
_LATIN = re.compile(
    rf"(?<![\w-])(?P<name>[^\W\d_]{{1,12}}|§{{1,2}})\.?\s?(?:no\.?|nr\.?|n[°º]|number|numero|#|№)?\s?"
    rf"(?P<numbers>{_ONE}(?:{_JOINED}{_ONE}){{0,20}})",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    rf"第\s?(?P<number>[0-9]+(?:\.[0-9]+)*|[{_SIGNS}]+)\s?(?P<name>{'|'.join(_UNSPACED)})"
    rf"|(?<![0-9.])(?P<number1>[0-9]+)\s?(?P<name1>号?(?:教室|会议室|房间?|室)|号楼|号线|栋)"
    rf"|(?P<name2>{'|'.join(n for n in _UNSPACED if len(n) > 1)}|[表图])\s?"
    rf"(?P<number2>{_DIGITS}|[{_SIGNS}]+(?![{_SIGNS}\u3400-\u9fff]))"
)
_LONE = r"(?:^|\||›|\t)[\s#*_`>-]*{number}[.)]?[*_`]*\s*(?=$|\||\t|[^\W\d_]|[:：–—])"
"""A number that opens a line, a heading or a cell of a table, alone or before words."""
_PIECE = re.compile(rf"(?P<to>to|bis|по|à|[-–—~～至到])|(?P<one>{_ONE})", re.IGNORECASE)
_LONGEST_RANGE = 200


def designations(text: str) -> Iterator[tuple[int, int, str, str]]:
    """The numbered things of a text, each with where it starts and ends: what a range spans is there one by one."""
    for found in _LATIN.finditer(text):
        if kind := _CALLED.get(found["name"].lower()):
            for value in _values(found["numbers"]):
                yield found.start(), found.end(), kind, value
    for found in _CHINESE.finditer(text):
        name = found["name"] or found["name1"] or found["name2"]
        kind = _CALLED.get(name) or _CALLED[name.removeprefix("号")]
        yield found.start(), found.end(), kind, _number(found["number"] or found["number1"] or found["number2"])


def designated(kind: str, value: str, text: str) -> bool:
    """True if a text names the thing; a table or list of such things may name it by its number alone."""
    if (kind, value) in _named(text):
        return True
    names = "|".join(re.escape(name) for name in _KINDS[kind].split())
    return bool(
        re.search(_LONE.format(number=re.escape(value)), text, re.MULTILINE)
        and re.search(rf"(?<![^\W_])(?:{names})(?![^\W\d_])|(?:{names})(?=[\u3400-\u9fff])", text, re.IGNORECASE)
    )


def called(kind: str) -> tuple[str, ...]:
    """Every name of a kind of thing."""
    return tuple(_KINDS[kind].split())


def in_signs(value: str) -> str:
    """A whole number below 100 in Chinese signs; "" for any other."""
    if not value.isdigit() or not 0 < int(value) < 100:
        return ""
    tens, ones = divmod(int(value), 10)
    signs = "〇一二三四五六七八九"
    return (("" if tens == 1 else signs[tens]) + "十" if tens else "") + (signs[ones] if ones else "")


@lru_cache(maxsize=512)
def _named(text: str) -> frozenset[Designation]:
    return frozenset((kind, value) for _, _, kind, value in designations(text))


def _values(numbers: str) -> list[str]:
    values: list[str] = []
    ranged = False
    for piece in _PIECE.finditer(numbers):
        if piece["to"]:
            ranged = True
            continue
        value = _number(piece["one"])
        if ranged and values and values[-1].isdigit() and value.isdigit():
            span = range(int(values[-1]) + 1, int(value))
            values += map(str, span if len(span) <= _LONGEST_RANGE else ())
        values.append(value)
        ranged = False
    return values


def _number(text: str) -> str:
    """A number as digits, whichever way it is written."""
    if text.lower() in _WORDS:
        return str(_WORDS.index(text.lower()) + 1)
    if text[0] in _SIGNS:
        return str(_of_signs(text))
    if re.fullmatch("[IVXLC]{2,}|[IVX]", text):
        return str(_of_letters(text))
    whole = text.lower()
    return whole.lstrip("0") or "0" if whole.isdigit() else whole


def _of_signs(text: str) -> int:
    total = current = 0
    for sign in text:
        if (scale := {"十": 10, "百": 100, "千": 1000}.get(sign)) is not None:
            total += (current or 1) * scale
            current = 0
        else:
            current = 10 * current + "零一二三四五六七八九".find(sign.replace("〇", "零").replace("两", "二"))
    return total + current


def _of_letters(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in text]
    return sum(-v if v < max(values[i + 1 :], default=0) else v for i, v in enumerate(values))
