"""The planner that needs no model: a few rules in a fixed order, the first that applies decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.documents.contents.leads import leads, without_links
from rag.ledger import contexts_of, nearest
from rag.messages import Reason, reason
from rag.retrieval.names import named_among
from rag.retrieval.suggestions import lacking, rewordings
from rag.text.terms import telling_words
from rag.types import Candidate
from rag.types.steps import StepAuthor, StepKind, StepOption

from .charting import wish_of
from .history import history_of
from .listing import DocumentQuery, query_of
from .naming import titled, without_titles, words_of
from .parts import MOST, Division, QuestionPart, QuestionParts, named_parts, parts_of
from .planner import GatheringState, Outcome, StepChoice
from .reading import linked, rests, sections
from .results import LOOKED_AT, described
from .showing import charted, compared, told_by
from .table_question import question_of
from .tabulating import answers
from .versions import versions_of

LEADING = 6
"""Best contexts whose links are looked at."""
MOST_LEADS = 2
"""Linked documents that are looked into."""
MOST_REWORDINGS = 2
NEAR = 0.5
"""Share of the question's words in a sentence with a link, from which the link leads on from what is asked."""
MOST_NAMED = 2
"""Documents named by the question all of whose links are looked at."""
LEAST_NEAR = 3
"""The fewest words of that."""


class RulePlanner:
    """Takes a question apart, follows links, words a search anew; then answers, or gives up."""

    def next(self, state: GatheringState) -> StepChoice:
        """The first open choice of the first rule that has one. What the others say is kept with it."""
        looked: list[StepOption] = []
        chosen: StepChoice | None = None
        for rule in _RULES:
            choices, closed = rule(state)
            fresh = [choice for choice in choices if choice.aim not in state.done]
            if chosen is None and fresh:
                chosen = fresh[0]
                looked += [StepOption(choice.kind, True, _shown(choice)) for choice in fresh[1:]]
            elif fresh:
                looked.append(StepOption(fresh[0].kind, True, _shown(fresh[0])))
            else:
                looked.append(StepOption(_KINDS[rule], False, closed))
        return replace(chosen or _end(state), options=tuple(looked))


def _listed(state: GatheringState) -> Outcome:
    found = [
        StepChoice(
            StepKind.LIST, StepAuthor.RULE, reason("steps.asks_for_documents"), str(query), purpose, listing=query
        )
        for purpose, question in _questions(state)
        if (query := query_of(question, state.documents) or _history(question, state))
    ]
    return found[:MOST], reason("steps.asks_for_no_documents")


def _history(question: str, state: GatheringState) -> DocumentQuery | None:
    """The documents a question about time is told by; two versions tell more of what changed between them."""
    query = history_of(question, state.documents)
    return None if query and versions_of(question, contexts_of(state.searches), state.documents) else query


def _tabulated(state: GatheringState) -> Outcome:
    if any(step.kind is StepKind.LIST for step in state.steps) and _divided(state) is None:
        return [], reason("steps.listed_already")
    found: list[StepChoice] = []
    drawn = wish_of(state.question) is not None
    for purpose, question in _questions(state):
        asked = question_of(question, drawn=drawn)
        best = next(answers(asked, state.tables()), None) if asked else None
        if best:
            named = () if best.source.of_documents else (best.source.document,)
            why = reason("steps.asks_of_table", document=named[0]) if named else reason("steps.asks_of_front_matter")
            of, what = named, described(best)
            found.append(StepChoice(StepKind.TABULATE, StepAuthor.RULE, why, what, purpose, of, tabulation=best))
    return found[:MOST], reason("steps.no_table_answers")


def _questions(state: GatheringState) -> list[tuple[str, str]]:
    """The question with "" for its purpose, or the questions in it with theirs."""
    if wish := wish_of(state.question):
        return [("", wish.rest)]
    parts = _divided(state)
    if parts is None or parts.division is Division.COMPARISON:
        return [("", state.question)]
    return [(part.name, part.name) for part in parts.parts]


def _parts(state: GatheringState) -> Outcome:
    told = told_by(state)
    if "" in told:
        return [], reason("steps.told_by_table")
    parts = _divided(state) or _named(state)
    if parts is None:
        return list(_missed(state)), reason("steps.one_question")
    lost = {part.name: names for part in parts.parts if (names := _nowhere(part, state))}
    found = [
        choice
        for part in parts.parts[:MOST]
        if part.name not in told and part.name not in lost
        for choice in _of_part(part, parts.division, state)
    ]
    if lost and (not found or (parts.division is Division.COMPARISON and not contexts_of(state.searches))):
        return [], reason("steps.part_nowhere", words=", ".join(dict.fromkeys(n for ns in lost.values() for n in ns)))
    return found, reason("steps.parts_searched")


def _divided(state: GatheringState) -> QuestionParts | None:
    """The question taken apart, between titles of documents where it can be."""
    titles = {words_of(document.title) for document in state.documents}
    return parts_of(state.question, lambda side: words_of(side) in titles)


def _named(state: GatheringState) -> QuestionParts | None:
    """The documents that the question names, where it is of several."""
    named = titled(state.question, [document for document in state.documents if document.enabled])
    return named_parts([document.title for document in named], state.question)


def _missed(state: GatheringState) -> Iterator[StepChoice]:
    """The document that the question names, where nothing of it was found."""
    named = titled(state.question, [document for document in state.documents if document.enabled])
    sent = {c.stored.document for c in contexts_of(state.searches)}
    if len(named) == 1 and sent and named[0].name not in sent:
        why = reason("steps.part_named", part=named[0].title, document=named[0].name)
        name = named[0].name
        yield StepChoice(StepKind.SEARCH, StepAuthor.RULE, why, state.question, named[0].title, (name,))


def _nowhere(part: QuestionPart, state: GatheringState) -> tuple[str, ...]:
    """Names in a part that no document has: what would be found for it is about something else."""
    main = state.searches[0].retrieval
    unknown = [word for word in ((*main.nowhere, *main.unknown) if main else ()) if word in part.name]
    all_of_it = unknown and set(telling_words(part.name)) <= set(unknown)
    return tuple(unknown) if all_of_it else named_among(part.name, unknown)


def _of_part(part: QuestionPart, division: Division, state: GatheringState) -> Iterator[StepChoice]:
    """The document that a part names by its title, then, where that holds nothing new, all of the scope."""
    named = titled(part.name, [document for document in state.documents if document.enabled])
    if len(named) == 1 and named[0].name not in {c.stored.document for c in contexts_of(state.searches)}:
        within = (named[0].name,)
        why = reason("steps.part_named", part=part.name, document=named[0].name)
        yield StepChoice(StepKind.SEARCH, StepAuthor.RULE, why, part.query, part.name, within)
    if any(step.purpose == part.name and step.documents and step.kept for step in state.steps):
        return
    code = "steps.compares" if division is Division.COMPARISON else "steps.several"
    yield StepChoice(StepKind.SEARCH, StepAuthor.RULE, reason(code, part=part.name), part.query, part.name)


def _links(state: GatheringState) -> Outcome:
    contexts = contexts_of(state.searches)[:LEADING]
    if told_by(state):
        return [], reason("steps.told_by_table")
    if not contexts:
        return [], reason("steps.nothing_leads")
    told = "\n".join(without_links(c.stored.chunk.text) for c in contexts_of(state.searches))
    missing = lacking(state.question, told)
    taken = sum(step.kind is StepKind.READ and bool(step.purpose) for step in state.steps)
    found = list(_leading(state, contexts, missing)) if taken < MOST_LEADS else []
    closed = "no_link_fits" if missing or state.eager else "nothing_missing"
    return found, reason(f"steps.{closed}") if taken < MOST_LEADS else reason("steps.links_followed", count=taken)


def _sections(state: GatheringState) -> Outcome:
    if told_by(state):
        return [], reason("steps.told_by_table")
    return list(sections(state, state.searches[0].candidates[:LOOKED_AT])), reason("steps.names_no_section")


def _rests(state: GatheringState) -> Outcome:
    if told_by(state):
        return [], reason("steps.told_by_table")
    return list(rests(state, contexts_of(state.searches)[:LEADING])), reason("steps.nothing_cut")


def _leading(state: GatheringState, contexts: Sequence[Candidate], missing: Sequence[str]) -> Iterator[StepChoice]:
    """Links that promise a missing word, and those in a sentence that has the words of the question; where the reader
    asked for steps, also those that promise a word of the question."""
    names = [document.name for document in state.documents if document.enabled]
    titles = {document.name: document.title for document in state.documents}
    sent = {c.stored.document for c in contexts}
    named = titled(state.question, [document for document in state.documents if document.enabled])[:MOST_NAMED]
    asked = telling_words(without_titles(state.question, named))
    of_named = (stored for document in named for stored in state.read(document.name, ""))
    looked = list({stored.id: stored for stored in (*(c.stored for c in contexts), *of_named)}.values())
    promising: list[tuple[int, StepChoice]] = []
    for stored in looked:
        for lead in leads(stored, names):
            if lead.document in sent:
                continue
            told = f"{lead.label} {titles.get(lead.document, '')}"
            new = [word for word in missing if not lacking(word, told)]
            held = [word for word in asked if not lacking(word, told)]
            near = [word for word in asked if not lacking(word, lead.sentence)]
            if len(near) >= LEAST_NEAR and len(near) >= NEAR * len(asked):
                why = reason("steps.sentence_leads", label=lead.label or lead.document, document=lead.document)
                query = lead.label or titles.get(lead.document, state.question)
                choice = linked(state, lead.document, stored.collection, lead.section, lead.label) or StepChoice(
                    StepKind.READ, StepAuthor.RULE, why, query, lead.label, (lead.document,)
                )
                promising.append((-2 * len(new) - len(near) - len(asked), choice))
            elif new or (state.eager and len(held) * 2 >= len(asked)):
                why = reason("steps.follows_link", label=lead.label or lead.document, document=lead.document)
                choice = StepChoice(StepKind.READ, StepAuthor.RULE, why, state.question, lead.label, (lead.document,))
                promising.append((-2 * len(new) - len(held), choice))
    yield from (choice for _, choice in sorted(promising, key=lambda one: one[0]))


def _reworded(state: GatheringState) -> Outcome:
    if contexts_of(state.searches) or told_by(state):
        return [], reason("steps.enough_found")
    if not state.eager:
        return [], reason("steps.not_asked_for")
    tried = sum(step.kind is StepKind.SEARCH and not step.purpose for step in state.steps) - 1
    if tried >= MOST_REWORDINGS:
        return [], reason("steps.reworded_enough", count=tried)
    others = rewordings(state.question, nearest(state.searches))
    found = [
        StepChoice(StepKind.SEARCH, StepAuthor.RULE, reason("steps.rewords", query=query), query) for query in others
    ]
    return found, reason("steps.no_other_words")


def _missing(question: str, contexts: Sequence[Candidate]) -> tuple[str, ...]:
    """Telling words of the question that no context holds."""
    return lacking(question, "\n".join(c.stored.chunk.embedded_text for c in contexts))


def _shown(choice: StepChoice) -> Reason:
    return choice.why


def _end(state: GatheringState) -> StepChoice:
    contexts = contexts_of(state.searches)
    if contexts:
        why = reason("steps.answers", count=len(contexts))
        return StepChoice(StepKind.ANSWER, StepAuthor.RULE, why, parent=len(state.steps))
    missing = _missing(state.question, nearest(state.searches))
    why = reason("steps.gives_up_without", words=", ".join(missing)) if missing else reason("steps.gives_up")
    return StepChoice(StepKind.GIVE_UP, StepAuthor.RULE, why, parent=len(state.steps))


Rule = Callable[[GatheringState], Outcome]
_KINDS: dict[Rule, StepKind] = {
    _listed: StepKind.LIST,
    _tabulated: StepKind.TABULATE,
    charted: StepKind.CHART,
    compared: StepKind.COMPARE,
    _parts: StepKind.SEARCH,
    _sections: StepKind.READ,
    _rests: StepKind.READ,
    _links: StepKind.READ,
    _reworded: StepKind.SEARCH,
}
_RULES: tuple[Rule, ...] = tuple(_KINDS)
