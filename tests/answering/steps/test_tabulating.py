"""What a question asks of the rows of a table, and what is counted of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rag.answering.steps.cells import Amount, Operation, amount_of, counted, shown
from rag.answering.steps.results import described
from rag.answering.steps.table_question import question_of
from rag.answering.steps.tabulating import SourceTable, Tabulation, answers
from rag.documents.contents.tables import tables_of
from rag.types import Chunk

PUMPS = """| Pump | Place | Load (kg) | Checked |
| --- | --- | ---: | --- |
| P-1 | Hall A | 240 | 2024-01-10 |
| P-2 | Hall A | 310 | 2024-02-11 |
| P-3 | Hall B | 1,024 | 2024-02-20 |
| P-4 | Hall B | 95.5 | 2024-03-02 |
"""
DEVICES = "| 设备 | 地点 | 功率 (kW) |\n|---|---|---|\n| 水泵 | 一号厅 | 5.5 |\n| 风机 | 二号厅 | 7 |\n"
MIXED = "| Part | Size |\n|---|---|\n| bolt | 3 cm |\n| nut | 4 mm |\n"


COMMANDS = "| Command | Description |\n|---|---|\n| connect | Connects. |\n| exit | Ends. |\n"
BUILDS = "| Build | Copies |\n|---|---|\n| 16 | 2 |\n| 32 | 4 |\n"


def sources() -> list[SourceTable]:
    made = [
        ("pumps.md", "Pumps of the station", PUMPS), ("zh.md", "设备清单", DEVICES), ("mixed.md", "Parts", MIXED),
        ("cli.md", "Command reference", COMMANDS), ("release.md", "Release 2.2", BUILDS),
    ]  # fmt: skip
    return [
        SourceTable(name, "", title, table)
        for name, title, text in made
        for table in tables_of([Chunk(0, 0, len(text), (title,), text, 1)])
    ]


def source(text: str, title: str = "Options") -> SourceTable:
    (table,) = tables_of([Chunk(0, 0, len(text), (title,), text, 1)])
    return SourceTable("one.md", "", title, table)


def best(question: str) -> Tabulation | None:
    asked = question_of(question)
    return next(answers(asked, sources()), None) if asked else None


@pytest.mark.parametrize(
    ("question", "expected", "rows"),
    [
        ("What is the highest load in the table of pumps?", "most Load (kg)", 4),
        ("What is the average load of the pumps?", "mean Load (kg)", 4),
        ("total load in Hall B", "sum Load (kg) Place = Hall B", 2),
        ("How many pumps are in Hall A?", "count Place = Hall A", 2),
        ("How many rows does the table of pumps have?", "count", 4),
        ("What is the load of P-3?", "value Load (kg) Pump = P-3", 1),
        ("Add up the load in the table of pumps.", "sum Load (kg)", 4),
        ("查一下设备清单表格中风机这一行的功率", "value 功率 (kW) 设备 = 风机", 1),
        ("设备清单里水泵对应的地点是什么？", "value 地点 设备 = 水泵", 1),
        ("设备清单中表格的行数是多少？", "count", 2),
        ("把设备清单表格中的功率（kW）加起来是多少？", "sum 功率 (kW)", 2),
        ("Which pump has the lowest load?", "least Load (kg)", 4),
        ("average load by place", "mean Load (kg) / Place", 4),
        ("How many pumps have a load above 200?", "count Load (kg)", 3),
        ("How many pumps have a load of at most 95.5?", "count Load (kg)", 1),
        ("When was P-2 checked?", "value Checked Pump = P-2", 1),
        ("What is the description of connect in the command table?", "value Description Command = connect", 1),
        ("What is the latest Build in the table of release 2.2?", "most Build", 2),
        ("功率最大的设备是什么", "most 功率 (kW)", 2),
        ("设备的平均功率是多少？", "mean 功率 (kW)", 2),
        ("水泵的功率是多少？", "value 功率 (kW) 设备 = 水泵", 1),
        ("二号厅有多少台设备？", "count 地点 = 二号厅", 1),
    ],
)
def test_a_table_answers(question: str, expected: str, rows: int) -> None:
    found = best(question)
    assert found is not None
    assert (described(found), len(found.rows)) == (expected, rows)


@pytest.mark.parametrize(
    "question",
    [
        "What is the maximum pressure?", "How heavy is a pump?", "Who checks the pumps?", "How do I load a pump?",
        "What is the average size of the parts?", "Which pump has the highest load in the safety report?",
        "", "x" * 400,
    ],
)  # fmt: skip
def test_what_says_more_than_the_table_is_left_to_the_search(question: str) -> None:
    assert best(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "运行节点的数量是多少？",
        "执行哪些任务？",
        "进行数据迁移需要多少个节点？",
        "系列数据有多少种？",
        "列出所有代表",
        "发表于哪个期刊？",
        "银行数量是多少？",
        "队列数量是多少？",
        "字段列表里有几种类型？",
        "流行为什么？",
        "外表怎样？",
    ],
)
def test_parts_of_other_chinese_words_name_no_table(question: str) -> None:
    asked = question_of(question)
    assert asked is not None and not asked.names_table


@pytest.mark.parametrize(
    "question",
    [
        "设备表中有几种？",
        "表格一共几行？",
        "行数是多少？",
        "第 3 行是什么？",
        "哪一列最大？",
        "数据表有多少列？",
        "每行的功率是多少？",
    ],
)
def test_chinese_words_for_tables_rows_and_columns_name_a_table(question: str) -> None:
    asked = question_of(question)
    assert asked is not None and asked.names_table


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("240", Amount(Decimal(240))), ("1,024", Amount(Decimal(1024))), ("-3.5 °C", Amount(Decimal("-3.5"), "°C")),
        ("$12.50", Amount(Decimal("12.50"), "$")), ("95 %", Amount(Decimal(95), "%")), ("３２", Amount(Decimal(32))),
        ("5 kg", Amount(Decimal(5), "kg")), ("7 小时", Amount(Decimal(7), "小时")),
        ("2.4.1", None), ("2024-01-10", None), ("about 5", None), ("3-5", None), ("", None),
        ("–", None), ("9" * 50, None),
    ],
)  # fmt: skip
def test_a_cell_is_a_number_or_none(cell: str, amount: Amount | None) -> None:
    assert amount_of(cell) == amount


def test_figures_are_exact() -> None:
    tenths = [Amount(Decimal("0.1"), "kg")] * 3
    assert shown(counted(Operation.SUM, tenths)) == "0.3 kg"
    assert shown(counted(Operation.MEAN, [Amount(Decimal(n)) for n in (1, 2, 2)])) == "1.666667"
    assert shown(counted(Operation.MEAN, tenths)) == "0.1 kg"
    assert shown(counted(Operation.MOST, [Amount(Decimal("1e3")), Amount(Decimal(7))])) == "1000"
    assert shown(Amount(Decimal("12.50"), "$")) == "$12.5"


def test_a_name_with_dots_is_found_before_a_chinese_character() -> None:
    options = source("| 选项 | 描述 |\n|---|---|\n| minio.accessKey | 访问密钥 |\n| minio.secretKey | 秘密密钥 |\n")
    asked = question_of("表格中，minio.accessKey的描述是什么？")
    assert asked
    (found,) = answers(asked, [options])
    assert found.filters == (("选项", "minio.accessKey"),)


def test_the_title_of_the_document_chooses_no_rows() -> None:
    plan = source("| Product | Port |\n|---|---|\n| Acme | 1 |\n| Other | 2 |\n| Third | 3 |\n", title="Plan of Acme")
    asked = question_of("How many rows does the table of Plan of Acme have?")
    assert asked
    assert next(answers(asked, [plan])).filters == ()
    asked = question_of("What is the port of Acme in the table of Plan of Acme?")
    assert asked
    assert next(answers(asked, [plan])).filters == (("Product", "Acme"),)


def test_rows_are_counted_with_in_the_longest_table_of_a_document() -> None:
    short = source("| Name | Size |\n|---|---|\n| a | 1 |\n")
    long = source("| Name | Size |\n|---|---|\n| b | 2 |\n| c | 3 |\n| d | 9 |\n")
    asked = question_of("What is the highest size in the table?")
    assert asked
    assert next(answers(asked, [short, long])).source is long


def test_words_of_a_name_count_nothing() -> None:
    tasks = source("| Metric | Most seen |\n|---|---|\n| Task Count | 3 |\n| Row Count | 5 |\n", "Metrics")
    for question, expected in (
        ("What is the most seen of Task Count?", "value Most seen Metric = Task Count"),
        ("What is the highest most seen?", "most Most seen"),
    ):
        asked = question_of(question)
        assert asked is not None
        assert described(next(answers(asked, [tasks]))) == expected


def test_a_value_that_is_a_word_of_its_column_chooses_rows() -> None:
    open_ones = source("| Name | API or open |\n|---|---|\n| a | API |\n| b | open |\n| c | API |\n", "Rankers")
    asked = question_of("How many rows in the table of rankers have the API or open API?")
    assert asked is not None
    assert len(next(answers(asked, [open_ones])).rows) == 2
