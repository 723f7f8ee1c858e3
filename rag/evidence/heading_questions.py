"""The question that the section under a heading answers, as a reader would ask it. No model takes part.

Only headings that say what they are about give one: not those that lead through a document, such as "Overview".
"""

from __future__ import annotations

import re

from rag.messages import reason, text

LONGEST = 70
"""Characters of a heading that becomes a question."""
SHORTEST = 3

_VERBS = """
    access add allow analyze apply archive ask assign attach automate avoid back up benchmark book build bulk insert
    calculate call cancel change charge check choose clean clear clone close collect compact compare compile compress
    configure connect contact convert copy count create customize debug decommission define delete deploy describe
    design detach develop diagnose disable display download drain drop edit enable encrypt estimate evaluate exclude
    export extend extract fetch filter find fix format generate get give grease group handle hide host import improve
    include index ingest initialize insert inspect install integrate join launch limit list load log in log out
    maintain make manage map mark measure merge migrate modify monitor mount move name open operate optimize order
    organize override partition pause pay perform plan post prepare prevent print protect provision publish pull purge
    push put query read rebuild receive recover reduce refresh register reinstall release reload remove rename replace
    report request reset resize resolve restart restore restrict resume retrieve return review revoke roll back rotate
    run save scale schedule search secure select send serve set set up share show shut down sign in sort split start
    stop store submit subscribe switch sync synchronize tag test trace track train transfer troubleshoot tune
    uninstall update upgrade upload use validate verify view visualize work with write
"""
"""What a heading that tells how to do something begins with. Most could be nouns too: then other words would follow."""
_TWO_WORDS = ("back up", "bulk insert", "log in", "log out", "roll back", "set up", "shut down", "sign in", "work with")
_SINGLE = frozenset(_VERBS.split()) - {word for pair in _TWO_WORDS for word in pair.split()[1:]}
_VOWELS = "aeiou"
_DOUBLED = frozenset(["drop", "get", "log", "map", "plan", "put", "run", "set", "shut", "stop", "tag"])
"""Verbs whose last consonant is doubled before an ending."""

_NAVIGATION = frozenset(
    line.strip()
    for line in """
    about
    about this document
    about this guide
    additional resources
    appendix
    before you begin
    changelog
    conclusion
    contents
    description
    details
    example
    examples
    faq
    further reading
    general
    getting started
    glossary
    home
    important
    index
    introduction
    learn more
    license
    links
    more
    next
    next steps
    note
    notes
    other
    overview
    parameters
    preface
    purpose
    readme
    references
    related
    related documents
    related topics
    resources
    result
    results
    returns
    scope
    see also
    steps
    summary
    table of contents
    tip
    tips
    usage
    warning
    what's next
    what is next
    what’s next
    下一步
    更多
    更多信息
    更多内容
    重要概念
    其他
    前言
    参考
    参考资料
    参见
    备注
    小结
    常见问题
    总结
    摘要
    概览
    概述
    概要
    注意
    注意事项
    目录
    相关文档
    简介
    结论
    介绍
    示例
    说明
    附录
    """.splitlines()
    if line.strip()
)
_ASKS = re.compile(
    r"(?:what|why|when|where|who|which|whose|how|can|could|do|does|did|is|are|may|must|should|will)\b", re.IGNORECASE
)
_HOW_TO = re.compile(r"how\s+to\s+", re.IGNORECASE)
_NUMBERED = re.compile(
    r"(?:(?:step|chapter|part)\s+)?\d+(?:\.\d+)*[.):]?\s+(?=\D)"
    r"|(?:第[一二三四五六七八九十\d]+[章节步]|步骤\s*\d+)[.、:：]?\s*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[`*~]|(?<!\w)_|_(?!\w)|\{#[^}]*\}|<[^>]{1,80}>")
_CODE = re.compile(r"[{}()\[\]|=\\$]|::|//|\w\.\w+\(|^[\w.-]*\d[\w.-]*$")
_ZH = re.compile("[\u4e00-\u9fff]")
_ASKS_ZH = re.compile("如何|怎么|怎样|什么|为什么|为何|哪些|哪个|是否|多少|吗$|能否|可以.+吗")
_VERB_ZH = re.compile(
    "安装|初始化|配置|设置|创建|新建|添加|增加|删除|移除|更新|升级|运行|启动|停止|启用|禁用|使用|连接|部署|测试|检查|迁移|恢复|备份|导出|导入"
    "|管理|修改|更改|重置|查询|搜索|插入|加载|释放|构建|编译|监控|查看|获取|选择|申请|提交|预订|报销|更换|清洁|维护|调整|切换|注册"
)


def question_of(heading: str, title: str = "") -> str:
    """The question that the section `heading` of the document `title` answers; "" where none can be told.

    It is Chinese where one of the two is, else English.
    """
    told = _told(heading)
    about = _told(title)
    if not told or _same(told, about):
        return ""
    return _chinese(told, about) if _ZH.search(told + about) else _english(told, about)


def deed_or_question(heading: str) -> bool:
    """True for a heading that tells how something is done, or asks, rather than names something."""
    told = _told(heading)
    if _ZH.search(told):
        return bool(_ASKS_ZH.search(told) or _VERB_ZH.match(told))
    return bool(told.endswith("?") or _HOW_TO.match(told) or _ASKS.match(told) or _as_deed(told))


def _told(heading: str) -> str:
    """A heading without markup and number; "" where it says nothing."""
    line = " ".join(_MARKUP.sub("", heading).split()).strip(" :：#.-–—")
    line = _NUMBERED.sub("", line, count=1)
    if not len(line) + 2 * bool(_ZH.search(line)) >= SHORTEST or len(line) > LONGEST or _CODE.search(line):
        return ""
    return "" if line.casefold().rstrip("?？") in _NAVIGATION or not any(c.isalpha() for c in line) else line


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _english(told: str, about: str) -> str:
    if told.endswith("?"):
        return told
    if lead := _HOW_TO.match(told):
        return text(reason("questions.how", done=_lowered(told[lead.end() :])), "en")
    if _ASKS.match(told):
        return f"{told}?"
    if done := _as_deed(told):
        return text(reason("questions.how", done=done), "en")
    return text(reason("questions.about", title=about, heading=_lowered(told)), "en") if about else ""


def _as_deed(told: str) -> str:
    """A heading that begins with a verb and says what is done to what; "" for another one."""
    first, _, rest = told.partition(" ")
    second = rest.partition(" ")[0]
    word = first.casefold()
    verb = word if word in _SINGLE else _GERUNDS.get(word, "")
    pair = f"{verb or word} {second.casefold()}"
    if pair in _TWO_WORDS:
        rest = rest.partition(" ")[2]
        return f"{pair} {rest}" if rest else ""
    follows = second.casefold()
    if not verb or not rest or follows in ("of", "and", "or", "for", "in", "is", "are", "by"):
        return ""
    return f"{verb} {rest}" if word in _GERUNDS or _is_object(rest) else ""


def _is_object(rest: str) -> bool:
    """True for what a verb is followed by rather than a noun that stands first in a compound such as "Search methods".

    An article, a name or a second word tells; a lone small noun in the plural may be either.
    """
    words = rest.split()
    return len(words) > 1 or words[0][:1].isupper() or words[0].casefold() in ("it", "them", "data")


def _lowered(line: str) -> str:
    """The line with a small first letter, unless it opens with a name or an abbreviation."""
    first, _, rest = line.partition(" ")
    capitals = sum(c.isupper() for c in first)
    names_follow = bool(rest) and all(word[:1].isupper() for word in rest.split() if len(word) > 3)
    return line if capitals != 1 or not first[:1].isupper() or (names_follow and rest) else line[:1].lower() + line[1:]


def _gerund(verb: str) -> str:
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("e") and not verb.endswith("ee"):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


_GERUNDS = {_gerund(verb): verb for verb in _SINGLE}


def _chinese(told: str, about: str) -> str:
    if told.endswith(("?", "？")):
        return told
    if _ASKS_ZH.search(told):
        return f"{told}？"
    if _VERB_ZH.match(told) and len(told) > 2:
        return text(reason("questions.how", done=told), "zh")
    return text(reason("questions.about", title=about, heading=told), "zh") if about else ""
