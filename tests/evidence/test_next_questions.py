"""What an answer offers to be asked next: sections near its evidence that it did not cite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.evidence.next_questions import next_questions
from rag.ledger import Citation, Ledger, Outcome
from rag.messages import reason
from rag.types import Candidate
from tests.support.evidence import candidate
from tests.support.searches import found_by, with_found

from .test_conversation_store import make_ledger

BELOW = reason("stages.not_reached")
PUMP = ("Corvo", "Maintenance")
CITED = candidate("Grease it.", document="corvo.md", path=PUMP, number=1)


def passage(document: str, *path: str, number: int | None = None, start: int = 5) -> Candidate:
    return candidate("x", document=document, path=path, number=number, start=start, dropped=None if number else BELOW)


def answered(*candidates: Candidate, question: str = "Who greases it?", outcome: Outcome = Outcome.GENERATED) -> Ledger:
    ledger = replace(make_ledger(question), outcome=outcome, citations=(Citation(1, 0, 3, True),))
    return with_found(ledger, replace(found_by(ledger), candidates=(CITED, *candidates)))


def test_the_cited_document_comes_first_then_others_that_were_kept() -> None:
    found = next_questions(
        answered(
            passage("lumen.md", "Lumen", "Replace the battery", number=2),
            passage("other.md", "Other", "Install the other thing"),
            passage("corvo.md", "Corvo", "Error codes"),
        )
    )
    assert found == ("What does “Corvo” say about error codes?", "How do I replace the battery?")


def test_what_was_cited_or_asked_is_not_offered_and_none_twice() -> None:
    codes = [passage("corvo.md", "Corvo", "Error codes", start=n) for n in (5, 9)]
    here = passage("corvo.md", *PUMP, start=7)
    assert next_questions(answered(here, *codes)) == ("What does “Corvo” say about error codes?",)
    asked = ["Which error codes has the Corvo?"]
    assert next_questions(answered(here, *codes), asked) == ()
    assert next_questions(answered(*codes, question="And its error codes?")) == ()


@pytest.mark.parametrize("others", [(), ("a.md",)])
def test_three_at_most_and_two_of_a_document_beside_others(others: Sequence[str]) -> None:
    near = [
        passage("corvo.md", "Corvo", f"Check the {part}", start=n) for n, part in enumerate(("seal", "ring", "cap"))
    ]
    more = [passage(name, "Lumen", "Clean the lens", number=2) for name in others]
    found = next_questions(answered(*near, *more))
    assert len(found) == 3
    assert [each for each in found if "lens" in each] == ["How do I clean the lens?"][: len(others)]


@pytest.mark.parametrize("outcome", [Outcome.ABSTAINED, Outcome.FAILED, Outcome.STOPPED, Outcome.SMALL_TALK])
def test_nothing_follows_what_is_no_answer(outcome: Outcome) -> None:
    assert next_questions(answered(passage("corvo.md", "Corvo", "Error codes"), outcome=outcome)) == ()


def test_nothing_follows_an_answer_that_cites_nothing() -> None:
    ledger = replace(answered(passage("corvo.md", "Corvo", "Error codes")), citations=(Citation(1, 0, 3, False),))
    assert next_questions(ledger) == ()
