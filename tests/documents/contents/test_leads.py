"""Which documents the links of a passage lead to."""

from __future__ import annotations

from rag.documents.contents.leads import Lead, leads
from rag.types import Chunk, StoredChunk

NAMES = ["docs/guide/install.md", "docs/guide/use.md", "docs/limits.md", "docs/a/index.md", "docs/b/index.md"]


def found(text: str, document: str = "docs/guide/use.md") -> list[Lead]:
    stored = StoredChunk("1", document, "", "en", Chunk(0, 0, len(text), (), text, 1))
    return list(leads(stored, NAMES))


def test_a_link_is_looked_for_beside_its_document() -> None:
    assert found("See [how to install](install.md#linux).") == [Lead("docs/guide/install.md", "how to install")]
    assert found("See [the limits](../limits.md).") == [Lead("docs/limits.md", "the limits")]
    assert found("See [the limits](../limits).") == [Lead("docs/limits.md", "the limits")]


def test_a_file_name_that_one_document_has_is_enough() -> None:
    assert found("See [limits](limits.md).") == [Lead("docs/limits.md", "limits")]
    assert found("See [a page](index.md).") == []


def test_what_leads_elsewhere_leads_nowhere() -> None:
    assert found("[a](https://example.org/limits.md) [b](#here) [c](use.md) ![d](limits.md) `[e](limits.md)`") == []


def test_a_lead_knows_the_sentence_around_it() -> None:
    text = "Install it first. For the limits of a file, refer to [Limits](limits.md) and [use](use.md). It is fast."
    stored = StoredChunk("1", "docs/guide/install.md", "", "en", Chunk(0, 0, len(text), (), text, 1))
    sentences = {lead.document: " ".join(lead.sentence.split()) for lead in leads(stored, NAMES)}
    assert sentences["docs/limits.md"] == "For the limits of a file, refer to and"


def test_a_document_is_named_once() -> None:
    assert found("[one](install.md) and [two](install.md#mac)") == [Lead("docs/guide/install.md", "one")]
