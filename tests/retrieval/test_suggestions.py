"""What a passage lacks of a question, and the other searches offered: each row is a sentence of the specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.suggestions import MOST, lacking, rewordings
from rag.text.terms import telling_words
from rag.types import Candidate, Chunk, StoredChunk


def candidate(text: str, *headings: str) -> Candidate:
    chunk = Chunk(0, 0, len(text), headings, text, 5)
    return Candidate(StoredChunk("c", "a.md", "0", "en", chunk))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I rotate the TLS certificates?", ["rotate", "TLS", "certificates"]),
        ("What is index.type in IVF_FLAT?", ["index.type", "IVF_FLAT"]),
        ("怎样调整HNSW的参数？", ["调整", "HNSW", "参数"]),
        ("broker broker's", ["broker"]),
        ("how is it?", []),
        ("", []),
    ],
)
def test_telling_words_are_those_of_the_question_without_function_words(question: str, words: list[str]) -> None:
    assert telling_words(question) == words


@pytest.mark.parametrize(
    ("question", "passage", "missing"),
    [
        pytest.param("How do I rotate certificates?", "Certificate rotation", (), id="other forms of a word count"),
        pytest.param("Rotate TLS keys?", "To rotate a key", ("TLS",), id="a word is missing as it was written"),
        pytest.param("index.type?", "the index and its type", (), id="the parts of an identifier count"),
        pytest.param("index.type?", "the index alone", ("index.type",), id="not only one of them"),
        pytest.param("如何轮换证书？", "证书的有效期", ("轮换",), id="of a Chinese run the part that is missing"),
        pytest.param("轮换证书", "轮换证书", (), id="a Chinese run that is there"),
        pytest.param("how is it?", "anything", (), id="nothing telling, nothing missing"),
    ],
)
def test_what_a_passage_lacks(question: str, passage: str, missing: tuple[str, ...]) -> None:
    assert lacking(question, passage) == missing


PASSAGES = [
    candidate("Restart the broker to rotate its certificate.", "Operations", "Rotating certificates"),
    candidate("The broker has a reload counter.", "Operations", "Metrics"),
    candidate("Every broker listens on a port.", "Reference", "Listeners"),
]


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        pytest.param("How do I rotaate the broker?", "How do I rotate the broker?", id="a slip of the pen"),
        pytest.param("Which certifciate is read?", "Which certificate is read?", id="two letters changed places"),
        pytest.param("Can the broker rotate?", "rotate", id="without what every candidate holds"),
        pytest.param("Can the broker speak Klingon?", "broker speak Klingon", id="else the telling words"),
        pytest.param("Can it reload?", "Can it reload Metrics", id="with a heading near a word of it"),
    ],
)
def test_a_rewording_is_offered(question: str, offered: str) -> None:
    assert offered in rewordings(question, PASSAGES)


def test_a_short_word_or_one_that_is_held_is_not_corrected() -> None:
    passages = [candidate("the port and the part of a broker", "Ports")]
    offered = " ".join(rewordings("Which pxt has a broker? Which port?", passages))
    assert "pxt" in offered
    assert "part" not in offered


def test_the_heading_of_a_passage_that_has_no_word_of_the_question_is_not_offered() -> None:
    assert rewordings("What is the capital of France?", PASSAGES) == ("capital France",)


def test_a_heading_the_question_holds_already_adds_nothing() -> None:
    offered = rewordings("metrics", [candidate("anything", "Metrics")])
    assert offered == ()


def test_without_candidates_only_the_telling_words_are_offered() -> None:
    assert rewordings("How is the Klingon broker?", []) == ("Klingon broker",)
    assert rewordings("Klingon broker", []) == ()


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_whatever_is_asked_rewordings_are_few_and_none_is_the_question(question: str, texts: list[str]) -> None:
    offered = rewordings(question, [candidate(text, text[:9]) for text in texts])
    assert len(offered) <= MOST
    assert len(set(offered)) == len(offered)
    assert question not in offered
    assert all(word in question for word in lacking(question, " ".join(texts)))
