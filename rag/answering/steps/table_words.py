"""The words by which questions ask something of a table, language by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .cells import Operation


@dataclass(frozen=True, slots=True)
class TableWords:
    """The words of one language."""

    operations: Mapping[Operation, re.Pattern[str]]
    """In the order in which they count: a question with words of two asks for the first."""
    table: re.Pattern[str]
    """Words that say a table is meant."""
    groups: re.Pattern[str]
    """What stands before the column whose values are told apart."""
    limits: Mapping[str, re.Pattern[str]]
    """Sign -> words for it, before a number `n`."""
    silent: frozenset[str]
    """Words that say nothing of which rows."""
    between: re.Pattern[str] | None = None
    """The same where no blank parts words; None where one does."""


def _p(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_N = r"\s*(?P<n>-?\d[\d,]*(?:\.\d+)?)"

ENGLISH = TableWords(
    operations={
        Operation.MEAN: _p(r"\b(?:on\s+)?(?:average|mean)\b"),
        Operation.SUM: _p(
            r"\b(?:in\s+)?(?:total|sum(?:s|med)?(?:\s+up)?(?:\s+to)?|altogether|combined|add(?:s|ed|ing)?(?:\s+up)?(?:\s+to)?)\b(?:\s+of)?"
        ),
        Operation.MOST: _p(r"\b(?:highest|largest|biggest|greatest|maximum|max|most|longest|top|heaviest|latest)\b"),
        Operation.LEAST: _p(r"\b(?:lowest|smallest|least|minimum|min|fewest|shortest|lightest|youngest|earliest)\b"),
        Operation.COUNT: _p(r"\b(?:how\s+many|(?:the\s+)?number\s+of|count)\b"),
    },
    table=_p(r"\b(?:tables?|rows?|columns?|entries|lines)\b"),
    groups=_p(r"\b(?:by|per|for\s+each|for\s+every|in\s+each|of\s+each|each|grouped\s+by)\s+"),
    limits={
        ">=": _p(rf"\b(?:at\s+least|no\s+less\s+than|from)\b{_N}"),
        "<=": _p(rf"\b(?:at\s+most|no\s+more\s+than|up\s+to)\b{_N}"),
        ">": _p(rf"\b(?:above|over|more\s+than|greater\s+than|larger\s+than|higher\s+than|exceeding)\b{_N}"),
        "<": _p(rf"\b(?:below|under|less\s+than|smaller\s+than|lower\s+than|fewer\s+than)\b{_N}"),
    },
    silent=frozenset(
        """
        value values number numbers amount row rows table tables column columns entry entries line
        lines list listed lists according given look looked find found written says state states stated
        contain contains contained belong belongs hold holds add up shown show shows tell document documents all overall
        among across there named name called per each every
        """.split()  # noqa: SIM905
    ),
)

_ROW_ZH = r"(?<![执运进银实流发推可施同])行"
"""A row, not the end of a word such as 执行 or 进行."""
_TABLE_ZH = r"(?<![代发列外仪])表格?(?![示明面达现述演态])"
_COUNTED_ZH = r"[第几哪每各某该这那\d一二两三四五六七八九十百]|多少"

CHINESE = TableWords(
    operations={
        Operation.MEAN: _p(r"平均值?|均值|平均数"),
        Operation.SUM: _p(r"总和|合计|总计|总共|一共(?!有?[几多])|之和|加起来|相加|求和|累加|总(?=[^结览体共])"),
        Operation.MOST: _p(r"最高|最大值?|最多|最长|最重|最贵|最快"),
        Operation.LEAST: _p(r"最低|最小值?|最少|最短|最轻|最便宜|最慢"),
        Operation.COUNT: _p(r"多少\s*[行条个种项台](?!\w*[值])|几\s*[行条个种项台]|数量|行数|条数"),
    },
    table=_p(
        rf"{_TABLE_ZH}|(?:{_ROW_ZH}|(?<![系队序排])列)数(?![据组字值])|(?:{_COUNTED_ZH})\s*(?:行(?![为业动程])|列(?![表出举]))"
    ),
    groups=_p(r"按照?|每个|每种|各个?|随"),
    limits={
        ">=": _p(rf"(?:至少|不少于|不低于){_N}"),
        "<=": _p(rf"(?:至多|最多|不超过|不高于){_N}"),
        ">": _p(rf"(?:大于|高于|超过|多于){_N}"),
        "<": _p(rf"(?:小于|低于|少于|不足){_N}"),
    },
    silent=frozenset(
        """
        表格 表 表中 文档 文件 中 值 行 列 条 个 里 是 的 多少 哪个 哪些 什么 数 有 在 根据 所有 列出
        各 各个 按照 每 每个 每种 随 变化 和 与
        """.split()  # noqa: SIM905
    ),
    between=_p(
        r"表格|表[中里内]?|文档|文件|页面|[中里内上](?:面|的)?|[那这该此其每各](?:一?[行条列项个])?|[第几一]?[行列条个项种]|多少|哪[个些一]?|什么|如何|怎[么样]|根据|按照?|依据|参[照考见]"
        r"|对应|列出|给出|标注|显示|注明|写(?:的|着|了)?|查(?:一下|找|看|询)?|请问?|告诉我?|看|统计|计算|求|一下|一共|总?共|记录|条目|取值|数值|值|等于|关于|属于|把|将|所有|全部|随着?|变化"
        r"|[的是有在为和与及以又也都最数从对用]|不?(?:大|小|高|低|多|少)于|分别|并且?|是否|呢|吗|吧"
    ),
)

TABLE_WORDS = (ENGLISH, CHINESE)
