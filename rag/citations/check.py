"""The check of each sentence of an answer: its quotes looked up in the contexts that were sent. Pure.

No model judges anything. The proof is words: those the model gave as quotes, or the sentence itself where it stands in
a context it cites word for word, as those of an extractive answer do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.ledger import Citation, Claim, Match, Quote, Support
from rag.text.sentences import Form
from rag.types import HEADING_SEPARATOR, Candidate

from . import markers as citations
from .claims import Statement, claims_something, statements, without, words
from .figures import altered
from .markers import Marker
from .matching import MISSING, SearchableText, parts, weight
from .stream import Given

LEAST_CITED = 4
"""Letters of a sentence that is looked up in a context it cites itself."""
LEAST_UNCITED = 25
"""Letters of a sentence that is looked up in the context the next sentence cites: fewer stand there by chance."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer's citations, quotes and claims, each in the order of the answer."""

    citations: tuple[Citation, ...] = ()
    quotes: tuple[Quote, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def unfounded(self) -> bool:
        """True if the answer claims something, and nothing of it cites or quotes what was sent."""
        sent = {citation.number for citation in self.citations if citation.valid}
        return bool(self.claims) and all(
            claim.support in (Support.NONE, Support.NOT_FOUND) and not sent.intersection(claim.numbers)
            for claim in self.claims
        )


def check(answer: str, given: Sequence[Given], contexts: Sequence[Candidate], *, whole: bool = True) -> Checked:
    """The answer checked against the numbered contexts. Not `whole`: its last sentence may still be missing its end."""
    return _Check(answer, given, contexts).checked(whole=whole)


class _Check:
    def __init__(self, answer: str, given: Sequence[Given], contexts: Sequence[Candidate]) -> None:
        self.answer = answer
        self.passages = {c.number or n: SearchableText.of(c.stored.chunk) for n, c in enumerate(contexts, start=1)}
        self.headings = {
            c.number or n: HEADING_SEPARATOR.join(c.stored.chunk.heading_path) for n, c in enumerate(contexts, start=1)
        }
        self.citations = citations.find(answer, len(contexts))
        self.statements = statements(answer)
        self.following = _following(self.statements)
        self.given = [quote for one in given for quote in self._looked_up(one)]
        self.given_at: dict[tuple[int, int], list[Quote]] = {}
        """Quotes by the citation they belong to: where it ends, and its number."""
        for quote in self.given:
            self.given_at.setdefault((quote.at, quote.number), []).append(quote)
        self.verbatim: list[Quote] = []
        """Sentences that stand in a context themselves."""
        self.supports: list[Claim | None] = [None] * len(self.statements)

    def checked(self, *, whole: bool) -> Checked:
        for first, last in self._groups():
            self._verbatim_group(first, last)
        for position, statement in enumerate(self.statements):
            if self.supports[position] is None:
                self.supports[position] = self._claim(position, statement)
        claims = [claim for claim in self.supports if claim]
        if not whole and claims and claims[-1].support is Support.NONE and claims[-1].end >= len(self.answer.rstrip()):
            claims.pop()
        return Checked(self.citations, tuple(sorted([*self.given, *self.verbatim], key=lambda q: q.at)), tuple(claims))

    def _looked_up(self, given: Given) -> list[Quote]:
        """The quote with its check; as several where words were left out in between."""
        passage = self.passages.get(given.number)
        whole = passage.exactly(given.text) if passage else None
        return [self._quote(given, part) for part in ([given.text] if whole else parts(given.text))]

    def _quote(self, given: Given, text: str) -> Quote:
        named = self.passages.get(given.number)
        found = named.look_up(text) if named else MISSING
        elsewhere = self._elsewhere(text, given.number) if found.match is Match.MISSING else 0
        return Quote(
            given.number, text, found.match, found.similarity, found.start, found.end, given.at, elsewhere=elsewhere
        )

    def _elsewhere(self, text: str, named: int) -> int:
        """The context a quote stands in instead of the one it names, 0 for none."""
        others = {n: passage for n, passage in self.passages.items() if n != named}
        exact = next((n for n, passage in others.items() if passage.exactly(text)), 0)
        return exact or next((n for n, passage in others.items() if passage.look_up(text) is not MISSING), 0)

    def _groups(self) -> list[tuple[int, int]]:
        """Statements up to and with one that cites, since the last one that did: first and last position."""
        groups: list[tuple[int, int]] = []
        first = 0
        for position, statement in enumerate(self.statements):
            if statement.form is Form.HEADING:
                first = position + 1
            elif statement.markers:
                groups.append((first, position))
                first = position + 1
        return groups

    def _verbatim_group(self, first: int, last: int) -> None:
        """Mark statements that together stand word for word in a context cited at their end: that is quote enough."""
        group = self.statements[first : last + 1]
        if self._given_to(group[-1]):
            return
        text = without(self.answer, group[0].start, group[-1].end, group[-1].markers)
        number = self._verbatim(text, group[-1].markers, least=LEAST_CITED)
        if not number:
            own = next((n for n, s in enumerate(group) if claims_something(self.answer, s, alone=False)), 0)
            if own:  # what is said before a quote, such as where it stands, claims nothing
                self._verbatim_group(first + own, last)
            return
        said = [p for p, s in enumerate(group) if s.form is not Form.CODE] or [len(group) - 1]
        for position in said:
            numbers = _numbers(group[position]) or (number,)
            one = group[position]
            self.supports[first + position] = Claim(one.start, one.end, Support.QUOTED, numbers)

    def _claim(self, position: int, statement: Statement) -> Claim | None:
        numbers = _numbers(statement)
        if numbers:
            support = self._support(statement, numbers)
        else:
            support, numbers = self._unmarked(position, statement)
        alone = len(self.statements) == 1
        if support is Support.NONE and not claims_something(self.answer, statement, alone=alone):
            return None
        return Claim(statement.start, statement.end, support, numbers)

    def _support(self, statement: Statement, numbers: Sequence[int]) -> Support:
        """Support of a statement that cites."""
        quotes = self._given_to(statement)
        if any(q.match is Match.MISSING for q in quotes) or any(n not in self.passages for n in numbers):
            return Support.NOT_FOUND
        if quotes and altered(words(self.answer, statement), self._evidence(quotes)):
            return Support.ALTERED
        if quotes:
            return Support.QUOTED if all(q.match is Match.EXACT for q in quotes) else Support.CLOSE
        if self._verbatim(words(self.answer, statement), statement.markers, least=LEAST_CITED):
            return Support.QUOTED
        return Support.CITED

    def _evidence(self, quotes: Sequence[Quote]) -> list[str]:
        """The words of quotes, and the headings they stand under."""
        return [quote.text for quote in quotes] + [self.headings[n] for n in dict.fromkeys(q.number for q in quotes)]

    def _unmarked(self, position: int, statement: Statement) -> tuple[Support, tuple[int, ...]]:
        """Support of a statement that cites nothing itself, and the contexts that give it: it may stand in the context
        cited next, or be an item below one that cites, or of a list whose introduction does."""
        following = self.following[position]
        if following:
            text = words(self.answer, statement)
            number = self._verbatim(text, following.markers, least=LEAST_UNCITED, at=statement.end)
            if number:
                return Support.QUOTED, (number,)
        above = statement.introduced_by
        while above >= 0:
            numbers = tuple(n for n in _numbers(self.statements[above]) if n in self.passages)
            if numbers:
                return Support.CITED, numbers
            above = self.statements[above].introduced_by
        return Support.NONE, ()

    def _given_to(self, statement: Statement) -> list[Quote]:
        cited = dict.fromkeys((marker.end, number) for marker in statement.markers for number in marker.numbers)
        return [quote for each in cited for quote in self.given_at.get(each, ())]

    def _verbatim(self, text: str, markers: Sequence[Marker], *, least: int, at: int | None = None) -> int:
        """The context among those cited in which a text stands word for word; noted as a quote of that citation, or
        at `at`. 0 when it stands in none."""
        if weight(text) < least:
            return 0
        tried: set[int] = set()  # a context that several markers name is looked through once
        for marker in markers:
            for number in marker.numbers:
                found = self.passages[number].exactly(text) if number in self.passages and number not in tried else None
                tried.add(number)
                if found:
                    where = marker.end if at is None else at
                    self.verbatim.append(Quote(number, text, Match.EXACT, 1.0, found.start, found.end, where))
                    return number
        return 0


def _following(statements: Sequence[Statement]) -> list[Statement | None]:
    """For each statement the next one that cites."""
    found: list[Statement | None] = []
    following: Statement | None = None
    for statement in reversed(statements):
        found.append(following)
        following = statement if statement.markers else following
    return found[::-1]


def _numbers(statement: Statement) -> tuple[int, ...]:
    return tuple(dict.fromkeys(n for marker in statement.markers for n in marker.numbers))
