"""The words that questions are made of, by language."""

from __future__ import annotations

import re
from dataclasses import dataclass

Unanswerable = tuple[str, tuple[str, ...]]
"""A question, and the names in it that no page may have."""


@dataclass(frozen=True, slots=True)
class Words:
    """Templates and patterns of one language."""

    language: str
    comparisons: tuple[str, ...]
    bridge: str
    cell: str
    aggregates: dict[str, str]
    rows: str
    of_rows: tuple[str, ...]
    """What an answer says of so many rows; a question in two languages is answered in either."""
    folder: str
    titled: str
    of_documents: str
    title_word: re.Pattern[str]
    name: re.Pattern[str]
    """Titles that are names of a few words."""
    sentence: re.Pattern[str]
    task: re.Pattern[str]
    """Titles that say what to do."""
    tasks: str
    unanswerable: tuple[Unanswerable, ...]

    def is_name(self, title: str) -> bool:
        return self.name.fullmatch(title) is not None

    def is_sentence(self, bare: str) -> bool:
        return self.sentence.fullmatch(bare) is not None

    def as_task(self, title: str) -> str:
        """A title as it stands within a sentence."""
        return title[0].lower() + title[1:] if title[1:2].islower() else title


ENGLISH = Words(
    language="en",
    comparisons=(
        "What is the difference between {a} and {b}?",
        "How does {a} compare to {b}?",
        "{a} vs {b}",
        "Compare {a} with {b}",
        "What are the differences between {a} and {b} when I set up Milvus?",
    ),
    bridge="{title}: {sentence}?",
    cell="What is the {column} of {key} in the table of {title}?",
    aggregates={
        "highest": "What is the highest {column} in the table of {title}?",
        "lowest": "What is the lowest {column} in the table of {title}?",
        "sum": "What is the sum of the {column} in the table of {title}?",
        "mean": "What is the average {column} in the table of {title}?",
    },
    rows="How many rows does the table of {title} have?",
    of_rows=("{count} row",),
    folder="How many documents are in the folder {folder}?",
    titled="How many documents have {word} in their title?",
    of_documents="{count} document",
    title_word=re.compile(r"[A-Z][a-z]{4,}"),
    name=re.compile(r"(?!.*[?:&|])[!-~]+(?: [!-~]+){0,3}"),
    sentence=re.compile(r"[!-~]+(?: [!-~]+){6,29}"),
    task=re.compile(
        r"(?:Add|Allocate|Authenticate|Back|Build|Check|Configure|Create|Delete|Deploy|Drop|Enable|Insert|Install|Load|Manage"
        r"|Migrate|Monitor|Run|Scale|Set|Tune|Upgrade|Use|Visualize)\b(?!.*[?:&|])[ -~]{4,60}"
    ),
    tasks="How do I {a}, and how do I {b}?",
    unanswerable=(
        ("How do I replicate a collection with Oracle GoldenGate?", ("GoldenGate",)),
        ("What uptime does the service level agreement promise for the Frankfurt region?", ("Frankfurt",)),
        ("How can I sign in with Okta?", ("Okta",)),
        ("How do I send alerts to PagerDuty?", ("PagerDuty",)),
        ("Which Terraform module installs a cluster?", ("Terraform",)),
        ("How do I install Milvus with Ansible Tower on Solaris?", ("Solaris",)),
        ("What does a Milvus certification exam cost?", ("certification exam",)),
        ("How do I connect Tableau to a collection?", ("Tableau",)),
        ("How do I back up a collection to Veeam?", ("Veeam",)),
        ("Which ports does the Cassandra adapter use?", ("Cassandra",)),
        ("How do I run Milvus on a Raspberry Pi?", ("Raspberry",)),
        ("Who won the tennis final at Wimbledon?", ("Wimbledon",)),
        ("How do I scrape metrics with Zabbix?", ("Zabbix",)),
        ("What is the difference between Redshift and Snowflake?", ("Redshift", "Snowflake")),
        ("What is the difference between the Hologres and the ClickHouse connector?", ("Hologres", "ClickHouse")),
        ("Compare the Puppet module with the Chef cookbook", ("Puppet", "cookbook")),
        ("Nomad vs Mesos: which deployment is recommended?", ("Nomad", "Mesos")),
        ("How does the Vespa index compare to the Typesense index?", ("Vespa", "Typesense")),
        ("How do I enable LDAP sign-in, and how do I rotate Kerberos tickets?", ("LDAP", "Kerberos")),
        ("How do I use the Delphi SDK, and how do I use the Fortran SDK?", ("Delphi", "Fortran")),
        ("Where is the Hazelcast cache configured? Which Memcached version is supported?", ("Hazelcast", "Memcached")),
        ("How many documents have Kerberos in their title?", ("Kerberos",)),
        ("What is the default value of quokka.maxSize in the table of settings?", ("quokka",)),
        ("What is the highest price in the table of Zilliz support plans?", ("support plan",)),
        ("How do I translate a collection into Klingon?", ("Klingon",)),
        ("What is the recommended dose of ibuprofen?", ("ibuprofen",)),
        ("How is a time series forecast with Prophet over a collection?", ("Prophet",)),
        ("Which law firm reviewed the licence of Attu?", ("law firm",)),
        ("How do I write a stored procedure in PL/SQL?", ("PL/SQL",)),
        ("How do I bake sourdough bread?", ("sourdough",)),
        ("Which quantum computer does Milvus support?", ("quantum",)),
        ("How do I attach a Jupyter kernel to Kafka Streams Studio?", ("Streams Studio",)),
        ("What is the salary of the maintainers?", ("salary", "salaries")),
        ("How do I restore a snapshot with Commvault?", ("Commvault",)),
    ),
)

CHINESE = Words(
    language="zh",
    comparisons=("{a}和{b}有什么区别？", "比较{a}与{b}", "{a}与{b}有什么不同？", "{a}和{b}的差异是什么？"),
    bridge="{title}：{sentence}？",
    cell="{title}的表格中，{key}的{column}是什么？",
    aggregates={
        "highest": "{title}的表格中{column}最高是多少？",
        "lowest": "{title}的表格中{column}最低是多少？",
        "sum": "{title}的表格中{column}的总和是多少？",
        "mean": "{title}的表格中{column}的平均值是多少？",
    },
    rows="{title}的表格有多少行？",
    of_rows=("{count} 行", "{count} row"),
    folder="文件夹 {folder} 中有多少个文档？",
    titled="标题中包含{word}的文档有多少个？",
    of_documents="{count} 个",
    title_word=re.compile(r"[\u4e00-\u9fff]{2,4}(?=\s|$)|\b[A-Z][a-z]{4,}\b"),
    name=re.compile(r"(?=.*[\u4e00-\u9fff])[^?？:：,，。、和与]{2,20}"),
    sentence=re.compile(r"(?=(?:.*[\u4e00-\u9fff]){8})[^\[\]]{12,80}"),
    task=re.compile(
        r"(?:安装|配置|部署|创建|删除|插入|查看|升级|构建|管理|加载|释放|压缩|监控|分配|扩展|使用|搭建|连接|迁移)[^?？:：,，]{2,24}"
    ),
    tasks="怎么{a}？怎么{b}？",
    unanswerable=(
        ("怎么用钉钉登录 Milvus？", ("钉钉",)),
        ("如何把告警发送到企业微信？", ("企业微信",)),
        ("怎么在树莓派上运行 Milvus？", ("树莓派",)),
        ("Milvus 认证考试要多少钱？", ("认证考试",)),
        ("如何用 Oracle GoldenGate 复制 collection？", ("GoldenGate",)),
        ("达梦数据库的连接器使用哪些端口？", ("达梦",)),
        ("红烧肉怎么做？", ("红烧肉",)),
        ("Redshift 和 Snowflake 有什么区别？", ("Redshift", "Snowflake")),
        ("比较 Hologres 与 ClickHouse", ("Hologres", "ClickHouse")),
        ("怎么启用 LDAP 登录？怎么更换 Kerberos 票据？", ("LDAP", "Kerberos")),
        ("如何把 collection 翻译成阿拉伯语？", ("阿拉伯",)),
        ("标题中包含发票的文档有多少个？", ("发票",)),
        ("报价单的表格中单价最高是多少？", ("报价单",)),
        ("法兰克福机房的可用性承诺是多少？", ("法兰克福",)),
        ("Milvus 支持哪种量子计算机？", ("量子",)),
        ("维护者的工资是多少？", ("工资",)),
        ("怎么用 Zabbix 采集指标？", ("Zabbix",)),
        ("布洛芬一天吃几次？", ("布洛芬",)),
        ("如何用 Tableau 连接 collection？", ("Tableau",)),
        ("世界杯决赛谁赢了？", ("世界杯",)),
    ),
)

WORDS = {words.language: words for words in (ENGLISH, CHINESE)}
