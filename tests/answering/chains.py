"""Conversations of follow-ups: for each question the words its search must hold, and those it must not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """A question, with words the search query holds and words it does not hold."""

    question: str
    holds: str = ""
    lacks: str = ""


def chain(*turns: tuple[str, ...]) -> tuple[Asked, ...]:
    """A conversation; a turn is a question, `holds` and `lacks`."""
    return tuple(Asked(*turn) for turn in turns)


CHAINS = {
    "cars": chain(
        ("How much does a tyre change for the Corvo 3 cost?",),
        ("What about a service?", "service Corvo"),
        ("What about a windscreen replacement?", "windscreen Corvo", "service"),
        ("And for the Lumen S?", "windscreen Lumen", "Corvo"),
    ),
    "cars, the name first": chain(
        ("What does a yearly service of the Lumen S cost?",),
        ("And for the Corvo 3?", "service Corvo", "Lumen"),
        ("How much does it cost in total?", "Corvo service total", "Lumen"),
        ("When does the garage open?", "garage open", "Corvo service"),
    ),
    "index": chain(
        ("What is HNSW?",),
        ("How much memory does it need?", "HNSW memory"),
        ("And IVF_FLAT?", "IVF_FLAT memory", "HNSW"),
        ("Is it fast?", "IVF_FLAT fast", "HNSW"),
    ),
    "years": chain(
        ("What was the revenue of Northwind in 2022?",),
        ("And in 2023?", "revenue Northwind 2023", "2022"),
        ("And in 2024?", "revenue Northwind 2024", "2022 2023"),
        ("What about profit?", "profit Northwind 2024"),
    ),
    "platforms": chain(
        ("How do I install the driver on Windows?",),
        ("On Linux?", "install driver Linux", "Windows"),
        ("And how do I remove it?", "remove driver Linux"),
        ("Which licence does Plainsight have?", "licence Plainsight", "driver Linux"),
    ),
    "tickets": chain(
        ("How much is an adult ticket on Sundays?",),
        ("And a student ticket?", "student ticket Sundays", "adult"),
        ("Why?", "student ticket Sundays"),
        ("And on Mondays?", "student ticket Mondays", "Sundays"),
    ),
    "中文 汽车": chain(
        ("Corvo 3 换轮胎多少钱？",),
        ("那保养呢？", "保养 Corvo", "轮胎"),
        ("那 Lumen S 呢？", "保养 Lumen", "Corvo"),
        ("需要多久？那它要预约吗？", "Lumen"),
    ),
    "中文 索引": chain(
        ("什么是 HNSW 索引？",),
        ("它占多少内存？", "HNSW 内存"),
        ("那 IVF_FLAT 呢？", "IVF_FLAT 内存", "HNSW"),
        ("为什么？", "IVF_FLAT"),
    ),
    "中文 门票": chain(
        ("成人票多少钱？",),
        ("那学生票呢？", "学生票 多少钱", "成人"),
        ("周末呢？", "学生票 周末"),
        ("停车场几点关门？", "停车场 关门", "学生票"),
    ),
    "中文 假期": chain(
        ("年假有几天？",),
        ("病假呢？", "病假 几天", "年假"),
        ("怎么申请？那需要谁批准？", "谁批准"),
        ("那产假呢？", "产假", "年假"),
    ),
    "pumps": chain(
        ("How often is the pump P-101 greased?",),
        ("And P-102?", "P-102 greased", "P-101"),
        ("With which grease?", "P-102 grease"),
        ("Does it need special tools for that?", "P-102 tools", "P-101"),
    ),
    "versions": chain(
        ("What changed in version 2.4.1?",),
        ("And in 2.4.10?", "changed 2.4.10"),
        ("Why?", "2.4.10"),
        ("How do I upgrade the exporter?", "upgrade exporter", "2.4"),
    ),
}
"""Those the rule was written with."""

HELD_BACK = {
    "rooms": chain(
        ("What does the Meridian room hold?",),
        ("And the Atlas room?", "Atlas hold", "Meridian"),
        ("How many seats does it have?", "Atlas seats", "Meridian"),
        ("And the Borealis room?", "Borealis seats", "Atlas Meridian"),
    ),
    "cloud": chain(
        ("How much does storage cost on AWS?",),
        ("And on Azure?", "storage Azure", "AWS"),
        ("What about traffic?", "traffic Azure"),
        ("How do I cancel my subscription?", "cancel subscription", "Azure storage"),
    ),
    "lower case": chain(
        ("how much is the yearly service for the corvo 3?",),
        ("and for the lumen s?", "service lumen", "corvo"),
        ("how long does it take?", "lumen service", "corvo"),
        ("what are the opening hours?", "opening hours", "lumen"),
    ),
    "forms": chain(
        ("Where do I hand in the travel claim form?",),
        ("What about the sick note?", "sick note hand", "travel"),
        ("Who signs it?", "sick note signs", "travel"),
        ("And when?", "sick note"),
    ),
    "sensors": chain(
        ("What is the range of the MX-200 sensor?",),
        ("And its accuracy?", "MX-200 accuracy"),
        ("What about the MX-300?", "MX-300 accuracy", "MX-200"),
        ("But is it waterproof?", "MX-300 waterproof", "MX-200"),
    ),
    "people": chain(
        ("Who founded Acme Robotics?",),
        ("When did she leave the company?", "Acme Robotics leave"),
        ("Same for Blue Harbor?", "Blue Harbor", "Acme"),
        ("How many employees does Delta Works have?", "employees Delta Works", "Harbor Acme"),
    ),
    "tea": chain(
        ("At what temperature is green tea brewed?",),
        ("And black tea?", "black tea temperature", "green"),
        ("For how long?", "black tea"),
        ("And white tea?", "white tea", "green black"),
    ),
    "中文 城市": chain(
        ("A1 线首班车几点发车？",),
        ("那 B2 线呢？", "B2 首班车", "A1"),
        ("末班车呢？", "B2 末班车", "A1 首班车"),
        ("那 C3 线呢？", "C3 末班车", "B2"),
    ),
    "中文 设备": chain(
        ("MX-200 的量程是多少？",),
        ("那精度呢？", "MX-200 精度", "量程"),
        ("MX-300 呢？", "MX-300 精度", "MX-200"),
        ("这个支持蓝牙吗？", "MX-300 蓝牙", "MX-200"),
    ),
    "中文 会员": chain(
        ("金卡会员每年要交多少钱？",),
        ("银卡会员呢？", "银卡 多少钱", "金卡"),
        ("它有什么优惠？", "银卡 优惠", "金卡"),
        ("怎样注销账号？", "注销账号", "银卡"),
    ),
    "中文 版本": chain(
        ("2.4 版本有哪些新功能？",),
        ("那 2.5 版本呢？", "2.5 新功能", "2.4"),
        ("如果这样要怎么升级？", "2.5 升级", "2.4"),
        ("还有别的吗", "2.5", "2.4"),
    ),
    "中文 部署": chain(
        ("用 Docker 怎么部署 Milvus？",),
        ("那 Kubernetes 呢？", "Kubernetes 部署"),
        ("需要多少内存？", "内存"),
        ("什么是向量检索？", "向量检索", "Kubernetes"),
    ),
}
"""Those it was not looked at with while it was written."""
