"""The main language of questions and documents."""

from __future__ import annotations

import pytest

from rag.text.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("How do I reset the password?", "en", id="English question"),
        pytest.param("HNSW", "en", id="one product name"),
        pytest.param("nlist nprobe", "en", id="two identifiers"),
        pytest.param("install pymilvus", "en", id="a command that looks Finnish"),
        pytest.param("“smart quotes” and a dash — nothing else", "en", id="English typography"),
        pytest.param("What does 向量 mean in the Milvus docs?", "en", id="English with a Chinese word"),
        pytest.param("向量最大支持多少维？", "zh", id="Chinese question"),
        pytest.param("向量維度的上限是多少？", "zh", id="traditional Chinese"),
        pytest.param("FLAT 和 IVF_FLAT 有什么区别？", "zh", id="Chinese with more Latin letters than ideographs"),
        pytest.param("RAG_CANDIDATES 是什么？", "zh", id="Chinese with a name of code"),
        pytest.param("Milvus 支持 GPU 吗", "zh", id="Chinese with two product names"),
        pytest.param("どうやってインストールしますか？", "ja", id="Japanese"),
        pytest.param("新規登録の方法", "ja", id="Japanese mostly in ideographs"),
        pytest.param("설치 방법은 무엇입니까?", "ko", id="Korean"),
        pytest.param("Was ist eine Vektordatenbank?", "de", id="German in plain ASCII"),
        pytest.param("¿Cuántos puntos dejaron los Panthers?", "es", id="Spanish"),
        pytest.param("Bao nhiêu điểm?", "vi", id="Vietnamese"),
        pytest.param("Сколько очков уступила защита?", "ru", id="Russian"),
        pytest.param("Скільки очок здобула команда і чому?", "uk", id="Ukrainian"),
        pytest.param("كم عدد النقاط؟", "ar", id="Arabic"),
        pytest.param("पैंथर्स डिफ़ेंस ने कितने अंक दिए?", "hi", id="Hindi"),
        pytest.param("ทีมรับยอมแพ้ที่คะแนนเท่าไร", "th", id="Thai"),
        pytest.param("Πόσους πόντους;", "el", id="Greek"),
        pytest.param("ＨＯＷ ｄｏｅｓ ｔｈｉｓ ｗｏｒｋ", "en", id="full-width Latin"),
        pytest.param("", "und", id="nothing"),
        pytest.param("2.4.2 ?!", "und", id="no letters"),
        pytest.param("ᚠᚢᚦ", "und", id="a script no language here is written in"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


def test_code_and_addresses_do_not_decide() -> None:
    code = "```python\nfor name in collections: print(name, client.describe(name))\n```\n" * 5
    assert (
        detect(f"集合的描述。\n{code}见 https://example.com/a/long/path/of/english/words 和 `describe_collection`。")
        == "zh"
    )


def test_a_text_that_is_only_code_has_the_language_of_its_words() -> None:
    assert detect("```\nreturn the name of the collection\n```") == "en"


def test_the_beginning_decides_for_a_long_text() -> None:
    assert detect("数据库 " * 3000 + "and then some English " * 10_000) == "zh"
