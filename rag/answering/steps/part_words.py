"""The words by which questions ask for several things: comparisons, tasks one after the other. Patterns alone."""

from __future__ import annotations

import re

_NAME = r"[^?,;:]"
_A, _B = rf"(?P<a>{_NAME}{{1,80}}?)", r"(?P<b>[^?;:]{1,120}?)"
_AND_B = rf"\s+(?:and|&)\s+(?:the\s+)?{_B}"
_ABOUT = (
    r"(?P<about>\s+(?:in terms of|with regard to|with respect to|regarding|concerning|when it comes to|as to|for|in|on"
    r"|when|if|by)\b.{2,120}?)?"
)
_WE = r"(?:i|we|you|one|somebody|someone)"
_CHOOSE = r"(?:use|choose|take|pick|prefer|go\s+(?:with|for)|want|need)"
COMPARISONS_EN = tuple(
    re.compile(pattern + r"\s*$", re.IGNORECASE)
    for pattern in (
        rf"(?P<lead>.*?)\b(?:differences?|distinctions?|trade-?offs?|choice|relation(?:ship)?|comparison)\s+between\s+(?:the\s+)?{_A}{_AND_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:(?:similarities|differences|distinctions|comparison|trade-?offs)|(?:pros|cons|advantages|disadvantages|strengths|weaknesses"
        rf"|benefits|drawbacks|similarities|upsides|downsides)\s+(?:and|or|&)\s+\w+)\s+(?:of|between)\s+(?:the\s+|using\s+)?{_A}{_AND_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:advantages?|benefits?)\s+(?:of|does|do|has|have)\s+(?:the\s+|using\s+)?{_A}\s+(?:have\s+|has\s+)?over\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:chang\w+|differ\w*|new)\s+(?:between|from)\s+(?:the\s+)?{_A}\s+(?:and|to)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>.*?)\b(?:compare|contrast|distinguish)\s+(?:(?:between\s+)?(?:the\s+)?(?:following|these)\b[^:,]{{0,30}}[:,]\s*|between\s+)?(?:the\s+)?{_A}"
        rf"(?:\s+(?:and|with|to|against|from|versus|vs\.?|&)\s+|\s*,\s+)(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>how\s+(?:does|do|is|are)\s+)(?:the\s+)?{_A}\s+(?:differ(?:ent)?|compare[sd]?)\s+(?:from|to|with|against)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>.*?\bhow\s+)(?:the\s+)?{_A}\s+(?:differs?|compares?|(?:is|are)\s+different)\s+(?:from|to|with|against)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>(?:how|where|in\s+(?:what|which)\s+(?:ways?|respects?|aspects?))\s+(?:do|are)\s+)(?:the\s+)?{_A}{_AND_B}\s+(?:differ(?:ent)?|compare)\b{_ABOUT}",
        rf"(?P<lead>.*?\bhow\s+)(?:the\s+)?{_A}{_AND_B}\s+(?:differ|compare)\b{_ABOUT}",
        rf"(?P<lead>what\s+do(?:es)?\s+)(?:the\s+)?{_A}{_AND_B}\s+(?:have\s+in\s+common|share)\b(?P<about>.{{0,80}}?)",
        rf"(?P<lead>what\s+(?:sets|distinguishes|tells|separates|differentiates)\s+)(?:the\s+)?{_A}\s+(?:apart\s+)?from\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"^(?P<lead>(?:is|are)\s+)(?:the\s+)?{_A}\s+(?:the\s+same(?:\s+thing)?\s+as|similar\s+to|identical\s+to|different\s+from|equivalent\s+to|interchangeable\s+with)"
        rf"\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"^(?P<lead>are\s+)(?:the\s+)?{_A}{_AND_B}\s+(?:the\s+same|similar|identical|different|interchangeable|equivalent|alike)\b(?P<about>.{{0,40}}?)",
        rf"(?P<lead>)(?:the\s+)?{_A}\s+or\s+(?:the\s+)?{_B}(?P<about>\s*[,:;?–—-]+\s*(?:which|what|when|how)\b.{{2,100}}?)",
        rf"(?P<lead>)(?:the\s+)?{_A}{_AND_B}\s*[,:;?–—-]+\s*(?P<about>(?:what(?:'s|\s+is|\s+are)?\s+(?:the\s+)?(?:\w+\s+)?differen\w+|how\s+do\s+they\s+(?:differ|compare)"
        rf"|which\s+(?:one|is|should)\b).{{0,80}}?)",
        rf"(?P<lead>(?:which\s+(?:is|one\s+is|of\s+them\s+is|has|uses|needs|takes)|(?:should|shall|do|would)\s+{_WE}\s+(?:rather\s+)?{_CHOOSE}"
        rf"|(?:when|why)\s+(?:should|do|to|would|must|can)\s+(?:{_WE}\s+)?(?:rather\s+)?{_CHOOSE})\b[^,:?]{{0,80}}?[,:]?\s*)"
        rf"(?:the\s+)?{_A}\s+(?:or|versus|vs\.?|instead\s+of|over|rather\s+than)\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>(?:is|are|does|do|has|have|what\s+makes)\s+)(?:the\s+)?{_A}\s+(?P<how>(?:need\w*\s+|use\w*\s+|take\w*\s+|have\s+|cost\w*\s+)?(?:\w+er|more(?:\s+\w+)?|less(?:\s+\w+)?|better|worse))\s+than\s+(?:the\s+)?{_B}{_ABOUT}",
        rf"(?P<lead>)(?:the\s+)?{_A}\s+(?:vs\.?|versus|compared\s+(?:to|with)|as\s+opposed\s+to)\s+(?:the\s+)?{_B}{_ABOUT}",
    )
)
_ZA, _ZB = r"(?P<a>[^，。？；：、]{1,40}?)", r"(?P<b>[^，。？；：、]{1,40}?)"
_J = r"\s*(?:和|与|跟|同|以及|及|、)\s*"
_ALIKE = r"(?:区别|不同|差别|差异|分别|异同|不一样|优缺点|优劣|利弊|共同点|相同点|相同之处)"
COMPARISONS_ZH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:比较|对比|比一比|区分|辨别)(?:一下|下)?{_ZA}(?:{_J}|\s*vs\.?\s*){_ZB}(?:的(?P<about>.{{1,40}}?))?$",
        rf"^(?:该|应该|应当|要)?(?:如何|怎么|怎样)(?:来|去)?(?:区分|区别|辨别|选择|取舍|比较|对比){_ZA}{_J}{_ZB}(?P<about>)$",
        rf"^(?:什么时候|何时)(?:该|应该|需要|要)?(?:选择|选|使用|用)?{_ZA}[，,、]?\s*(?:而|又)?(?:什么时候|何时)(?:该|应该|需要|要)?(?:选择|选|使用|用)?{_ZB}(?P<about>)$",
        rf"^{_ZA}{_J}{_ZB}(?:相比较?|比较|比起来|对比)(?:起来|之下|而言)?(?:，|,)?(?P<about>.{{0,40}}?)$",
        rf"^{_ZA}{_J}{_ZB}(?:两者|二者|这两者)?(?:之间)?(?:在(?P<about>.{{1,40}}?)(?:上|方面|方面上)?)?(?:到底|究竟)?(?:各自|各)?(?:存在|有)?(?:着)?(?:什么|何|哪些|的)?"
        rf"(?:主要|具体|本质|最大)?(?:的)?{_ALIKE}(?:之处|点|的地方)?(?:都)?(?:是什么|在哪里?|在哪儿|在于什么|有哪些|是)?$",
        rf"^{_ZA}{_J}{_ZB}(?:两者|二者)?(?:各自|各)(?:的|有|是|适合)(?P<about>.{{2,30}}?)$",
        rf"^{_ZA}(?:和|与|跟|同|还是|或者?){_ZB}[，,]?\s*(?:我)?(?:该|应该|应当)?(?:选择?|使用|用)?(?:哪个|哪一个|哪种|哪一种|谁(?=.))(?P<about>.{{0,40}}?)$",
        rf"^(?:应该|应当|该|到底)?(?:选择?|使用|用)?{_ZA}还是{_ZB}(?P<about>(?:更|比较|好|合适).{{0,30}})?$",
        rf"^{_ZA}(?:相较于?|相比于?|相对于|比起|不同于|区别于|有别于|对比|优于|胜过){_ZB}(?:来说)?(?:，|,)?(?P<about>(?:的|有|在|更|具|会|来).{{0,40}}?)?$",
        rf"^{_ZA}\s*(?<![A-Za-z])(?:vs\.?|versus|pk)(?![A-Za-z])\s*{_ZB}(?P<about>)$",
    )
)
POLITE_ZH = re.compile(
    r"^(?:请问|请|帮我|麻烦|我?(?:想|要)(?:知道|了解|问|弄清楚?|搞清楚?)|能(?:否|不能)|可否|可以|给我|为我|说说|说一下|谈谈|讲讲|讲一下|聊聊|解释(?:一下)?"
    r"|介绍(?:一下)?|描述(?:一下)?|阐述|简述|说明一下|告诉我|分析(?:一下)?|一下)+[，,：:\s]*"
)
"""What is said before a question in Chinese."""

_DO = (
    r"(?:add|allocate|authenticate|back\s+up|build|change|check|compact|configure|connect|convert|create|customi[sz]e|delete|deploy|disable|drop|enable|export"
    r"|flush|get|grant|import|index|insert|install|integrate|list|load|manage|measure|migrate|monitor|open|perform|prepare|query|read|release|remove|rename"
    r"|restart|restore|revoke|rotate|run|scale|search|secure|set(?:\s+up)?|start|stop|store|switch|test|train|tune|uninstall|update|upgrade|upload|upsert"
    r"|use|verify|view|visuali[sz]e|write)"
)
TASKS_EN = re.compile(
    r"^(?:(?:please\s+)?(?:explain|tell\s+me|describe|show\s+me)\s+)?(?:how\s+(?:do|can|should|would|could|must)\s+(?:i|we|you|one)|how\s+to"
    r"|(?:i|we)\s+(?:want|need|have|would\s+like|plan)\s+to|what\s+(?:are\s+the\s+steps|is\s+the\s+way|do\s+i\s+need)\s+to|(?:the\s+)?steps\s+to)\s+"
    rf"(?:both\s+)?(?P<a>{_DO}\b[^?;]{{4,120}}?)\s*,?\s+(?:and(?:\s+then|\s+also|\s+after\s+that)?|then|as\s+well\s+as)\s+(?:to\s+)?(?P<b>{_DO}\b[^?;.]{{4,120}}?)"
    r"(?:[.;,]\s+(?:what|how|which)\b.{0,40})?$",
    re.IGNORECASE,
)
"""Two tasks of one sentence: `How do I install the client and create a collection?`"""
TASKS_ZH = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:我?(?:想|要|需要|打算|准备)|首?先)(?:要)?(?P<a>[^，。？]{3,40}?)[，,]?\s*(?:还想|也想|又想|还要|也要|并且|然后|接着|同时|以及|再)(?:想|要)?(?P<b>[^，。？]{3,40}?)"
        r"[，,。]?\s*(?:分别|各自)?(?:该|应该|要)?(?:(?:怎么|如何|怎样)(?:做|操作|实现|办|进行)?|(?:具体)?(?:步骤|方法|流程)(?:是什么|有哪些)?)$",
        r"^(?P<a>[^，。？]{3,40}?)(?:和|与|以及|、)(?P<b>[^，。？]{3,40}?)[，,]?\s*(?:分别|各自?)(?:是|该|应该|要|需要)?(?:怎么|如何|怎样)(?:做|操作|实现|办|进行)?$",
        r"^(?P<a>[^，。？]{3,40}?)(?:和|与|以及|、)(?P<b>[^，。？]{3,40}?)(?:的)?(?:步骤|方法|流程)(?:分别|各自)(?:是什么|有哪些)$",
    )
)
QUESTION_WORD = r"(?:what|which|who|whom|whose|where|when|why|how|is|are|does|do|can|could|should|will|must|may)"
NEXT_EN = re.compile(
    rf"\s*(?:[?;]+|,|(?<=\w))\s*(?:\b(?:and|also|then|but)\b[\s,]*)+(?={QUESTION_WORD}\b)|\s*;\s*(?={QUESTION_WORD}\b)"
    r"|[.;]\s+(?:(?:and|also|then|next|after\s+that|afterwards|finally)\b[\s,]*)+(?=(?:explain|tell|describe|show|how|what)\b)",
    re.IGNORECASE,
)
NEXT_ZH = re.compile(
    r"[？?；;。]\s*|[，,]\s*(?:以及|还有|并且|另外|同时|而且|那么?)|[，,](?=(?:怎么|怎样|如何|为什么|什么|哪|谁|多少|能否|是否|可否))"
    r"|[，,]?\s*(?:又|再|和|与|以及|及|还有|然后|接着|、)\s*(?=怎么|怎样|如何|什么是|为什么|为何)"
)
