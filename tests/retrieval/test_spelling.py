"""Slips of the pen, corrected by the words of the documents, on real Milvus Lite: each row is a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from rag.messages import Reason, reason
from rag.retrieval.spelling import Spelled, absent, spelled
from rag.store import MilvusStore
from rag.types import Hit
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store

TEXTS = {
    "motor.md": "The torque of the motor is 40 newton metres. The configuration of the motor is kept.",
    "team.md": "Winter is cold. Every operator has a manual. Plainsight reads it. In Plainsight it is shown.",
    "near.md": "The parser and the parses are near. A form and a farm are, too.",
    "ru.md": "Крутящий момент двигателя равен сорока. Настройка двигателя хранится.",
    "de.md": "Die Einstellungen des Motors werden gespeichert.",
    "zh.md": "索引的精度由参数决定。",
}
KNOWN = {"winner", "weather", "rust", "farmer"}
"""Words the tokenizer of the tests has whole."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("store"), BagEmbedder(), TEXTS)
    yield opened
    opened.close()


def tokens(texts: Sequence[str]) -> list[int]:
    """One for the words that are known, more for all others, as a model's tokenizer has it."""
    held = {word.strip(".,").lower() for text in TEXTS.values() for word in text.split()} | KNOWN
    return [1 if text.lower() in held else 3 for text in texts]


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        pytest.param("What is the tourqe of the motor?", "What is the torque of the motor?", id="letters changed over"),
        pytest.param("toque of the motor", "torque of the motor", id="a letter less"),
        pytest.param("torrque of the motor", "torque of the motor", id="a letter more"),
        pytest.param("torkue of the motor", "torque of the motor", id="another letter"),
        pytest.param("configuratoin of the motor", "configuration of the motor", id="in the ending"),
        pytest.param("cnfigurtion of the motor", "configuration of the motor", id="two in a long word"),
        pytest.param("Operatr of the torqeu", "operator of the torque", id="two words"),
        pytest.param("How does Plainsigth read?", "How does Plainsight read?", id="a name"),
        pytest.param("how does plainsigth read?", "how does Plainsight read?", id="a name as the documents write it"),
        pytest.param("Крутящий момнет двигателя", "Крутящий момент двигателя", id="in Cyrillic"),
        pytest.param("die Einstelungen", "die Einstellungen", id="in German"),
    ],
)
def test_a_slip_is_corrected(store: MilvusStore, question: str, searched: str) -> None:
    found = spelled(question, store, count_tokens=tokens)
    assert found.query.casefold() == searched.casefold()
    assert found.why and found.why.code == "stages.spelled"


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("What is the torque of the motors?", id="what is there, in any form"),
        pytest.param("Who is the winner?", id="a word of its own, near to one that is there"),
        pytest.param("Is Torqeu one of us?", id="a name, near to what is no name"),
        pytest.param("What is torque_mx or TORQE or E1001?", id="identifiers and capitals"),
        pytest.param("parsee", id="two words may be meant"),
        pytest.param("the tqe", id="a short word"),
        pytest.param("索隐的精度", id="a script without blanks"),
        pytest.param("qwertz uiopas dfghjk yxcvbn", id="another language"),
        pytest.param("the orque of it", id="the first letter"),
        pytest.param("the xonfiguration", id="the first letter of a long word"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_may_be_meant_as_it_stands_is_left(store: MilvusStore, question: str) -> None:
    assert spelled(question, store, count_tokens=tokens) == Spelled(question)


def test_a_word_counts_in_the_documents_that_are_searched(store: MilvusStore) -> None:
    assert spelled("the tourqe", store, ["team.md"], count_tokens=tokens) == Spelled("the tourqe")


def test_words_that_stand_nowhere_are_told(store: MilvusStore) -> None:
    assert absent(["motor", "motors", "klingon", "torque"], store) == ("klingon",)
    assert absent([], store) == ()


def test_without_full_text_nothing_is_corrected(store: MilvusStore) -> None:
    class Old(MilvusStore):
        def __init__(self) -> None:
            self.__dict__.update(store.__dict__)

        def full_text_missing(self) -> Reason | None:
            return reason("store.no_full_text", version="2.3.5")

    assert spelled("the tourqe", Old(), count_tokens=tokens) == Spelled("the tourqe")


class Asked:
    """A store that counts the terms it is asked for, and has none."""

    def __init__(self, store: MilvusStore) -> None:
        self.most = 0
        self.full_text_missing = store.full_text_missing
        self.search_dense, self.search_full_text = store.search_dense, store.search_full_text
        self.documents, self.chunks = store.documents, store.chunks

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        self.most = max(self.most, len(terms))
        return []


@pytest.mark.parametrize(
    "text", ["certifikate" * 700, "Certifikate " * 600, " ".join(f"wort{n:04}x" for n in range(800))]
)
def test_a_pasted_text_is_no_slip_and_asks_for_little(store: MilvusStore, text: str) -> None:
    asked = Asked(store)
    assert spelled(text[:8000], asked, count_tokens=tokens).query == text[:8000]
    assert absent([*text[:8000].split(), "字" * 8000], asked) is not None
    assert asked.most < 5000
