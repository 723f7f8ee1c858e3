"""The words by which questions ask for documents, language by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .days import DAY, Relation


@dataclass(frozen=True, slots=True)
class ListWords:
    """The words of one language. In patterns of values `{v}` is the place of the value."""

    noun: re.Pattern[str]
    sure: re.Pattern[str]
    """Nouns that mean documents of the knowledge base; others may also be what those write of."""
    asks: re.Pattern[str]
    silent: re.Pattern[str]
    """Words that say nothing of which documents."""
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    """In these `{k}` is the place of a key of front matter."""
    having: tuple[str, ...]
    marked: str
    """A key as what documents are: `deprecate: true` makes them deprecated."""
    by_key: tuple[tuple[str, str], ...]
    """With ":" for the smallest first, "-" for the largest."""
    folders: tuple[str, ...]
    in_folder: str
    """Without a word for folder: only for folders that there are."""
    titles: tuple[re.Pattern[str], ...]
    dates: tuple[tuple[re.Pattern[str], Relation], ...]
    kind: re.Pattern[str]
    kinds: Mapping[str, str]
    language: re.Pattern[str]
    languages: Mapping[str, str]
    orders: Mapping[str, re.Pattern[str]]
    numbers: Mapping[str, int]
    single: str
    """Where one document is asked for, not several."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _values(names: Mapping[str, str]) -> str:
    return "(?P<v>" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + ")"


def _on_days(pattern: str, relation: Relation) -> tuple[re.Pattern[str], Relation]:
    days = pattern.replace("{a}", f"(?P<a>{DAY})").replace("{b}", f"(?P<b>{DAY})")
    return re.compile(days, re.IGNORECASE), relation


_FORMATS = {
    "pdf": "pdf",
    "pdfs": "pdf",
    "docx": "docx",
    "pptx": "pptx",
    "csv": "csv",
    "tsv": "csv",
    "html": "html",
    "markdown": "markdown",
    "md": "markdown",
}
_KINDS = _FORMATS | {
    "word": "docx",
    "powerpoint": "pptx",
    "spreadsheet": "csv",
    "web": "html",
    "text": "text",
    "txt": "text",
    "plain text": "text",
}
_KINDS_ZH = _FORMATS | {
    "word": "docx",
    "ppt": "pptx",
    "powerpoint": "pptx",
    "电子表格": "csv",
    "网页": "html",
    "纯文本": "text",
    "txt": "text",
}
_LANGUAGES = {
    "english": "en", "chinese": "zh", "german": "de", "french": "fr", "spanish": "es", "italian": "it",
    "portuguese": "pt", "dutch": "nl", "russian": "ru", "japanese": "ja", "korean": "ko", "arabic": "ar",
}  # fmt: skip
_LANGUAGES_ZH = {
    "英文": "en", "英语": "en", "中文": "zh", "汉语": "zh", "德文": "de", "德语": "de", "法文": "fr", "法语": "fr",
    "西班牙语": "es", "俄文": "ru", "俄语": "ru", "日文": "ja", "日语": "ja", "韩文": "ko", "韩语": "ko",
}  # fmt: skip
_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)  # noqa: SIM905
}
_NUMBERS_ZH = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
_HOW_MANY = rf"(?:(?P<n>\d{{1,4}}|{'|'.join(_NUMBERS)})\s+)?"
_HOW_MANY_AFTER = rf"(?:\s+(?P<m>\d{{1,4}}|{'|'.join(_NUMBERS)})\b)?"
_HOW_MANY_ZH = rf"(?:的?\s*(?P<n>\d{{1,4}}|[{''.join(_NUMBERS_ZH)}])\s*[个篇份])?"
_SURE = "documents?|docs?|files?"
_SURE_ZH = "文档|文件(?![夹名])"
_NOUN = rf"(?:{_SURE}|pages?|articles?)\b"
_NOUN_ZH = rf"(?:{_SURE_ZH}|文章|页面)"

ENGLISH = ListWords(
    noun=_any(
        rf"\b(?:{_NOUN}|titles\b)|\bwhat(?:\s+is|'s)\s+(?=(?:in|under|inside|within)\s+(?:the\s+)?(?:[\w./-]+\s+)?(?:folder|directory)\b)"
    ),
    sure=_any(rf"\b(?:{_SURE})\b"),
    asks=_any(
        r"\b(?:what\s+is\s+the\s+(?:total\s+)?number\s+of|how\s+many|number\s+of|count|which|what|list|show|name|give|find"
        r"|enumerate|tell|display|see|get)\b"
    ),
    silent=_any(
        r"\b(?:all|the|of|are|is|there|do|does|have|has|had|i|we|you|me|us|my|our|your|this|that|these|those|in|here|a|an|any"
        r"|every|each|out|it|its|to|be|were|was|which|with|and|knowledge\s+base|base|collection|library|corpus|total"
        r"|altogether|overall|available|currently|now|stored|indexed|exist|contain|contains|held|hold|holds|names?|titles?"
        r"|please|them|can|could|see|at|by|their|from|dated|written|published|single|whole|entire|together|up|located|stored"
        r"|found|belongs?|belonging|lies?|lying|residing|placed|set|where|whose|on|for|as|into|under|inside|within)\b|'s\b"
    ),
    tags=(
        r"\b(?:that\s+(?:are|have\s+been)\s+|which\s+are\s+)?(?:tagged|labell?ed)\s+(?:with\s+|as\s+)?(?:the\s+)?(?:tags?\s+)?{v}(?!\w)",
        r"\b(?:with|have|has|having|carry|carrying|bear(?:ing)?|under)\s+(?:the\s+|a\s+)?(?:tag|label)s?\s+(?:of\s+)?{v}(?!\w)",
        r"\bwhose\s+tags?\s+(?:is|are|include|contain)\s+{v}(?!\w)",
        r"\b(?:with|have|has|having|carry|carrying|bear(?:ing)?|under)\s+(?:the\s+|a\s+)?{v}\s+(?:tag|label)\b",
        r"\btags?\s+{v}(?!\w)",
    ),
    fields=(
        r"\b(?:whose|where(?:\s+the)?|with(?:\s+(?:a|an|the))?|that\s+have|having|have|has)(?:\s+(?:a|an|the))?\s+{k}\s*(?:is|are|equals|set\s+to|(?:is|are)\s+set\s+to|of|=+|:)?\s*[\"']?{v}[\"']?(?!\w)",
        r"\b{k}\s*(?:=+|:|\b(?:is|of|equals|equal\s+to|set\s+to|matches)\b)\s*[\"']?{v}[\"']?(?!\w)",
        r"\b(?:belong(?:ing|s)?\s+to|under|in|within|from|of|carry(?:ing)?|sharing|share)(?:\s+(?:a|an|the))?\s+{k}\s*[\"']?{v}[\"']?(?!\w)",
        r"\b(?:with|have|has|having|use|using|list|under|in|belong(?:ing|s)?\s+to|of)(?:\s+(?:a|an|the))?\s+[\"']?{v}[\"']?\s+(?:as|for|in|under)\s+(?:a|an|the|their|its)\s+{k}\b",
        r"\b(?:have|has|had|with|having)\s+(?:a|an|the|their|its)?\s*{k}\s+(?:that\s+is\s+|(?:is\s+)?set\s+to\s+|equal\s+to\s+)?[\"']?{v}[\"']?(?!\w)",
        r"\b{k}\s+(?:has|have|are|being)\s+(?:been\s+)?(?:set\s+to\s+)?[\"']?{v}[\"']?(?!\w)",
    ),
    having=(
        r"\b(?:with(?:\s+(?:a|an|the))?|that\s+have(?:\s+(?:a|an))?|having|have(?:\s+(?:a|an))?|has(?:\s+(?:a|an))?)\s+{k}\b(?:\s+key)?",
    ),
    marked=r"\b(?:(?:that\s+|which\s+)?(?:are|is|were)\s+|(?:being\s+)?(?:marked|flagged)\s+)(?:(?:marked|flagged)\s+)?(?:as\s+)?{k}(?:e?d)?\b",
    by_key=(
        (r"\b(?:ordered|sorted|order|sort)\s+by\s+{k}\s*,?\s*(?:descending|desc|from\s+the\s+highest)\b", "-"),
        (r"\b(?:with\s+the\s+)?(?:highest|largest)\s+{k}\b(?:\s+first)?", "-"),
        (r"\b(?:ordered|sorted|order|sort)\s+by\s+{k}\b(?:\s*,?\s*(?:ascending|asc)\b)?", ":"),
        (r"\b(?:with\s+the\s+)?(?:lowest|smallest)\s+{k}\b(?:\s+first)?", ":"),
    ),
    folders=(
        r"\b(?:in|under|inside|within|of|from|below|to|at)\s+(?:the\s+)?(?:sub)?(?:folder|directory|path)\s+(?:named\s+|called\s+)?{v}/?(?!\w)",
        r"\b(?:in|under|inside|within|of|from|below|to|at)\s+(?:the\s+)?{v}/?\s+(?:sub)?(?:folder|directory)\b",
        r"\b(?:in|under|inside|within|from|below)\s+(?:the\s+)?{v}/(?!\w)",
        r"\b(?:folder|directory)\s+{v}/?(?!\w)",
    ),
    in_folder=r"\b(?:in|under|inside|within|below|from|of|at)\s+(?:the\s+)?{v}/?(?!\w)",
    titles=tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            r"\b(?:whose|with\s+(?:a|the|their)|(?:that\s+)?(?:have|has|having)(?:\s+(?:a|the))?)\s+(?:titles?|(?P<of>(?:file\s*)?names?))\s+(?:that\s+)?(?:contains?|includes?|mentions?|has|have"
            r"|holds?|containing|including|mentioning|with)\s+(?:the\s+)?(?:words?\s+|terms?\s+|phrase\s+)?(?P<v>.{1,80})$",
            r"\b(?:have|has|with|contain|contains|containing|mention|mentions|mentioning|include|includes|including)\s+(?:the\s+)?(?:words?\s+|terms?\s+|phrase\s+)?"
            r"(?P<v>.{1,80}?)\s+in\s+(?:the|their|its)\s+(?:titles?|(?P<of>(?:file\s*)?names?))\b",
            r"\b(?:whose|with\s+(?:a|the|their)|that\s+have\s+(?:a|the)|have\s+a|has\s+a|having\s+a)\s+(?:titles?|(?P<of>(?:file\s*)?names?))\s+"
            r"(?:with|using|of|starting\s+with)\s+(?:the\s+)?(?:words?\s+|terms?\s+|phrase\s+)?(?P<v>.{1,80})$",
            r"\b(?:titles|(?P<of>(?:file\s*)?names))\s+(?:that\s+)?(?:contains?|includes?|mentions?|have|holds?|containing|including|mentioning|with)\s+"
            r"(?:the\s+)?(?:words?\s+|terms?\s+|phrase\s+)?(?P<v>.{1,80})$",
            r"\b(?:does\s+|do\s+)?(?:the\s+)?(?:words?|terms?|phrase)\s+(?P<v>.{1,80}?)\s+(?:appears?|occurs?|stands?|is|are|found|used)\s+in\s+the\s+"
            r"(?:titles?|(?P<of>(?:file\s*)?names?))(?:\s+of)?\b",
            r"\b(?:are|is)?\s*(?:titled|entitled|(?P<of>called|named))\s+(?:with\s+)?(?:the\s+words?\s+)?(?P<v>.{1,80})$",
        )
    ),
    dates=tuple(
        _on_days(
            rf"(?:\b(?:that\s+(?:are|were)\s+)?(?:dated|dates?|written|published|created|updated|modified|is|are|from)\s+)?{pattern}",
            relation,
        )
        for pattern, relation in (
            (r"\bbetween\s+{a}\s+and\s+{b}", Relation.BETWEEN),
            (r"\bfrom\s+{a}\s+(?:to|until|till|through)\s+{b}", Relation.BETWEEN),
            (r"\b(?:after|later\s+than|newer\s+than)\s+{a}", Relation.AFTER),
            (r"\b(?:since|on\s+or\s+after)\s+{a}", Relation.SINCE),
            (r"\b(?:before|earlier\s+than|older\s+than|prior\s+to)\s+{a}", Relation.BEFORE),
            (r"\b(?:until|till|up\s+to|on\s+or\s+before|by)\s+{a}", Relation.UNTIL),
            (r"\b(?:in|on|of|from|for|dated|during)\s+{a}", Relation.IN),
        )
    ),
    kind=re.compile(rf"\b{_values(_KINDS)}\s+(?={_NOUN})", re.IGNORECASE),
    kinds=_KINDS,
    language=re.compile(
        rf"(?:\b(?:that\s+are\s+)?(?:written\s+|are\s+)?in\s+)?\b{_values(_LANGUAGES)}\b(?:\s+language)?", re.IGNORECASE
    ),
    languages=_LANGUAGES,
    orders={
        name: re.compile(rf"\b{_HOW_MANY}(?:most\s+)?(?:{words})\b{_HOW_MANY_AFTER}", re.IGNORECASE)
        for name, words in {
            "newest": "newest|latest|recent",
            "oldest": "oldest|earliest",
            "longest": "longest|largest|biggest",
            "shortest": "shortest|smallest",
        }.items()
    },
    numbers=_NUMBERS,
    single=r"(?i)\b(?:document|doc|file|page|article)\b",
)

CHINESE = ListWords(
    noun=_any(rf"{_NOUN_ZH}|(?:文件夹|目录)[里中内下]?面?有(?:什么|哪些)"),
    sure=_any(_SURE_ZH),
    asks=_any(
        r"多少|几\s*[个篇份]|总数|数量|个数|数目|篇数|哪些|哪\s*[个篇份一]+|列出|列举|罗列|有什么|所有|全部|显示|找出|给出|查看|统计|(?<=文档|文件|文章|页面)数"
    ),
    silent=_any(
        r"知识库|资料库|库里|库中|一共|总共|共有|目前|现在|当前|这里|里面|其中|存在|包括|包含|收录|分别|名称|标题|名字|请问|请|帮我|给我|我们|我"
        r"|[里中内的有是了个篇份都在共这些那吗呢和及与为上下于标注写用日期你您]|什么|是什么|一下|属于|位于|来自|看看|当中|里面"
    ),
    tags=(
        r"(?:标签|标记)\s*(?:为|是|有|包含|含有|含|叫)?\s*{v}(?=的|文|\W|$)",
        r"(?:带有?|打了|有|含有?|标有)\s*{v}\s*(?:这个|的)?\s*标签",
        r"标记(?:为|成)\s*{v}(?=的|文|\W|$)",
    ),
    fields=(
        r"{k}\s*(?:为|是|等于|=|:|：)\s*[“\"']?{v}[”\"']?(?=的|文|页|\W|$)",
        r"{k}\s*(?:设置?为|设成|取值?为|的值[为是]|值[为是]|==|被设为)?\s*[“\"']?{v}[”\"']?(?=的|文|页|有|\W|$)",
        r"(?:以|用|把)\s*[“\"']?{v}[”\"']?\s*(?:作为|为|当作)\s*{k}(?=的|文|页|\W|$)",
        r"[“\"']?{v}[”\"']?\s*(?:这个|这一)\s*{k}(?=的|文|页|下|里|中|\W|$)",
    ),
    having=(r"(?:带有?|含有?|(?<!没)有)\s*{k}(?=的|文|页|\W|$)",),
    marked=r"(?:标记为|标为|被标记为|已被?)\s*{k}(?:e?d)?(?=的|文|页|\W|$)",
    by_key=(
        (r"按照?\s*{k}\s*(?:降序|从高到低|从大到小|倒序)(?:排列|排序)?", "-"),
        (r"{k}\s*(?:最高|最大)", "-"),
        (r"按照?\s*{k}\s*(?:升序|从低到高|从小到大)?(?:排列|排序|顺序)?", ":"),
        (r"{k}\s*(?:最低|最小)", ":"),
    ),
    folders=(
        r"(?:文件夹|目录)\s*(?:为|是|叫)?\s*{v}/?(?![\w/])",
        r"(?<![\w/]){v}/?\s*(?:这个)?(?:文件夹|目录)",
        r"(?:在|位于)\s*{v}/?\s*(?:里|中|内|下|之下|下面)",
    ),
    in_folder=r"(?:在|位于|属于|来自)?\s*(?<![\w/]){v}/?\s*(?:里面?|中|内|之?下面?|的|有|(?=文件|文档)|$)",
    titles=(
        re.compile(
            r"(?:标题|(?P<of>名称|文件名|名字))\s*(?:当中|之中|里面|中|里|内)?\s*(?:都)?(?:包含|包括|含有|带有|出现|提到|提及|写有|含|带|有)了?\s*(?:词语|关键词|字样|一词)?\s*"
            r"(?P<v>[^，。？]{1,40}?)\s*(?:这个词|一词|字样|[一二两三四]个?字)?(?:的|$|(?=有哪|有多|有几|一共|共有|总共))"
        ),
        re.compile(
            r"(?P<v>[^，。？]{1,40}?)\s*(?:这个词|一词)?(?:出现|写)在(?:哪些|多少|几[篇个])?(?:文档|文件|文章|页面)?的?(?:标题|(?P<of>名称|文件名))(?:中|里|内)?"
        ),
    ),
    dates=tuple(
        _on_days(pattern, relation)
        for pattern, relation in (
            (r"(?:日期)?\s*(?:在|从|介于)?\s*{a}\s*(?:到|至|和|与)\s*{b}\s*(?:之间|期间)?", Relation.BETWEEN),
            (r"(?:日期)?\s*(?:在|从|自)?\s*{a}\s*(?:之后|以后|后)", Relation.AFTER),
            (r"(?:日期)?\s*(?:在|从|自)?\s*{a}\s*(?:以来|起|开始)", Relation.SINCE),
            (r"(?:日期)?\s*(?:在)?\s*{a}\s*(?:之前|以前|前)", Relation.BEFORE),
            (r"(?:日期)?\s*(?:截至|截止到?|到)\s*{a}\s*(?:为止)?", Relation.UNTIL),
            (r"(?:日期)?\s*(?:在|为|是|于)?\s*{a}", Relation.IN),
        )
    ),
    kind=re.compile(rf"{_values(_KINDS_ZH)}\s*(?:格式|类型)?\s*的?\s*(?={_NOUN_ZH})", re.IGNORECASE),
    kinds=_KINDS_ZH,
    language=re.compile(rf"(?:用|以)?{_values(_LANGUAGES_ZH)}(?:写|撰写|书写)?(?:成)?的?"),
    languages=_LANGUAGES_ZH,
    orders={
        name: re.compile(rf"(?:{words}){_HOW_MANY_ZH}")
        for name, words in {
            "newest": "最新|最近|最晚",
            "oldest": "最早|最旧|最老",
            "longest": "最长|最大",
            "shortest": "最短|最小",
        }.items()
    },
    numbers=_NUMBERS_ZH,
    single=r"哪\s*(?:一\s*)?[个篇份]|是什么",
)

LIST_WORDS = (ENGLISH, CHINESE)
