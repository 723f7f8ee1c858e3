"""The words that tell what a heading is: verbs of a deed, nouns that show it is none, headings that only lead on."""

from __future__ import annotations

import re


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _lines(words: str) -> frozenset[str]:
    return frozenset(word.strip() for word in words.replace("\n", " ").split(",") if word.strip())


_VERBS = """
    access add allocate allow analyze apply archive ask assign associate attach automate avoid back up benchmark book
    build bulk insert calculate call cancel change charge check choose clean clear clone close collect compact compare
    compile compress configure conduct connect contact convert copy count create customize debug decommission define
    delete deploy describe design detach develop diagnose disable display download drain drop edit enable encrypt
    estimate evaluate exclude export extend extract fetch filter find fix format forward generate get give grease
    group handle hide host import improve include implement index ingest initialize initiate insert inspect install
    integrate join launch limit list load log in log out maintain make manage map mark measure merge migrate modify
    monitor mount move name obtain open operate optimize order organize override partition pause pay perform plan post
    prepare prevent print protect provision publish pull purge push put query read rebuild receive recover reduce
    refine refresh register reinstall release reload remove rename replace report request reset resize resolve restart
    restore restrict resume retrieve return review revoke roll back rotate run save scale schedule search secure
    select send serve set set up share show shut down sign in sort split start stop store submit subscribe switch sync
    synchronize tag test trace track train transfer troubleshoot tune uninstall update upgrade upload use validate
    verify view visualize work with write
"""
"""What a heading that tells how to do something begins with. Most could be nouns too: then other words would follow."""
TWO_WORDS = ("back up", "bulk insert", "log in", "log out", "roll back", "set up", "shut down", "sign in", "work with")
_NO_VERBS_ALONE = _words("back bulk roll shut")
VERBS = frozenset(_VERBS.split()) - {word for pair in TWO_WORDS for word in pair.split()[1:]} - _NO_VERBS_ALONE
OFTEN_NOUNS = _words("""
    access archive benchmark book building call change charge design drop export extract filter format group
    import index insert limit list load log map mark measure name operate order partition pause plan post print
    push query read release report request return review scale schedule search share sort split start stop store
    switch tag test trace track train transfer use
""")
"""Verbs that a lone noun after them does not prove to be any: "Load balance", "Query node"."""
OPENS_OBJECT = _words("a an the your our my this these all any each every multiple several new it them data")
"""Words that follow a verb, hardly ever a noun."""
GOES_ON = _words("with from to into on via without as against")
NOUN_FOLLOWS = _words("& of and or for in is are by")
"""Words before which the first one is a noun: "Use of cars"."""
NEVER_DEED = _lines("""
    checklist, constraints, examples, guide, guidelines, limitations, limits, manual, notes, overview, policies, policy,
    principles, reference, requirements, roadmap, rules, steps, summary, tips, tutorial, tutorials, us, workflow
""")
"""Nouns a heading ends with that names something, though it may begin with a verb: "Install overview"."""
NO_DEED = _lines("""
    advantages, algorithm, algorithms, architecture, benefits, codes, concepts, configuration, configurations, control,
    conventions, coordinator, costs, criteria, dates, definition, definitions, description, details, diagram,
    documentation, errors, expression, expressions, features, fees, form, format, formats, framework, history, hours,
    improvements, info, information, interface, issues, levels, logic, matrix, mechanism, methods, metrics, model,
    modes, node, nodes, operators, options, parameters, paths, performance, period, plan, planning, problems, procedure,
    procedures, process, rates, regulations, report, responsibilities, results, scenarios, schedule, section, sections,
    standards, statistics, status, strategies, strategy, structure, system, systems, tables, template, terms, times,
    tools, types, writer
""")
"""Others, which only verbs that are nouns as well make doubtful: "Naming scenarios"."""
DOUBLED = _words("drop get log map plan put run set shut stop tag")
"""Verbs whose last consonant is doubled before an ending."""

NAVIGATION = _lines("""
    about, about this document, about this guide, additional resources, appendix, articles, background,
    before you begin, before you start, changelog, comments, compatibility, conclusion, constraints, contact,
    contact us, contents, current version, definitions, demo, description, details, disclaimer, example,
    example code, examples, faq, feedback, final results, further reading, general, get started, getting started,
    glossary, header, help, home, how it works, how to use, how to use this document, important, index,
    introduction, key concepts, key features, known issues, known limitations, learn more, license, limitations,
    limits, links, miscellaneous, more, next, next steps, note, notes, open questions, other, overview, parameters,
    preface, preliminaries, preparation, prerequisite, prerequisites, purpose, questions, quick links, quick start,
    quickstart, readme, recommended articles, recommended version, references, related, related documents,
    related topics, release notes, remarks, requirement, requirements, resources, result, results, returns,
    revision history, sample code, scope, sections, see also, start here, steps, summary, supported versions,
    table of contents, terminology, tip, tips, troubleshooting, usage, use cases, version history, warning,
    welcome, what is next, what is this, what we've learned, what's new, what's next, what’s next,
    why this document, work in progress, 下一步, 介绍, 使用前提, 使用说明, 使用限制, 修订历史, 先决条件, 入门,
    关于本文档, 其他, 准备, 准备工作, 准备数据, 前提, 前提条件, 前期准备, 前言, 参数, 参数说明, 参考, 参考资料,
    参见, 发布说明, 发版说明, 备注, 安装前提, 定义, 导航, 小结, 常见问题, 开始之前, 快速入门, 快速开始, 总结,
    推荐版本, 摘要, 文档说明, 更多, 更多信息, 更多内容, 术语, 概要, 概览, 概述, 注意, 注意事项, 版本历史, 特性,
    特点, 目录, 目的, 相关文档, 示例, 示例代码, 简介, 结果, 结论, 联系我们, 背景, 背景介绍, 说明, 返回, 返回值,
    适用范围, 重要概念, 问题, 附录, 附注, 限制, 限制条件, 首页
""")
"""Headings that lead through a document, and say nothing of what it is about."""

ASKS = _words("what who")
"""They ask, unless one of `STATES` follows, or the sentence ends with a verb: "What Corvo is"."""
ASKS_IF = _words("why when where how which whose")
"""They ask where one of `AUXILIARY` comes at once, or behind what they ask for: "How long is", "Which parts are"."""
AUXILIARY = _words("do does did is are was were can could should must will would has have")
DEGREES = _words("much many long often far soon")
STATES = _words("you we it i they this these our your the")
"""What follows the word in a statement: "What you need"."""
ZH = re.compile("[\u4e00-\u9fff]")
ASKS_ZH = re.compile("如何|谁|怎么|怎样|什么|为什么|为何|哪些|哪个|是否.+吗|多少|吗$|能否|可以.+吗")
VERB_ZH = re.compile(
    "安装|初始化|配置|设置|创建|新建|添加|增加|删除|移除|更新|升级|运行|启动|停止|启用|禁用|使用|连接|部署|测试|检查|迁移|恢复|备份|导出|导入"
    "|管理|修改|更改|重置|查询|搜索|插入|加载|释放|构建|编译|监控|查看|获取|选择|申请|提交|预订|报销|更换|清洁|维护|调整|切换|注册|下载|卸载"
    "|停用|应用|授权|撤销|分配|关闭|打开|联系|发送|上传|编辑|填写|领取|预约|登录|退出|保存|导航到|更正|评估|训练|定义|生成|执行"
)
OFTEN_NOUNS_ZH = re.compile(
    "安装|初始化|配置|更新|升级|运行|使用|测试|检查|迁移|恢复|备份|管理|查询|搜索|加载|构建|编译|监控|维护|注册|报销"
)
"""Those that are as often nouns."""
NEVER_DEED_ZH = re.compile(
    "(?:限制|前提|要求|条件|说明|示例|概述|概览|介绍|方式|方法|流程|原理|规范|指南|步骤|须知|手册|教程|案例|文档)$"
)
"""What a heading ends with that names something, though it begins with a verb: "安装要求"."""
NO_DEED_ZH = re.compile(
    "(?:策略|结果|规则|问题|场景|类型|功能|特点|性能|架构|机制|模式|标准|制度|政策|周期|期限|费用|记录|报告|时间|权限|系统|语法|节点|框架|计划"
    "|环境|工具|平台|中心|参数|选项|部|周|表|单)$"
)
"""Others, which only verbs that are nouns as well make doubtful: "测试报告"."""
