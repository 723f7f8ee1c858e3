"""Rendering of a session for the components: the HTML of each, and the state of the composer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.accounts.actor import Actor
from rag.evidence.calibration import learn
from rag.evidence.marks import Judge, marked_in
from rag.knowledge.jobs.job import Job
from rag.knowledge.knowledge_base import KnowledgeBase

from ..errors import KeepingError, StoreError
from ..messages import Language
from ..service import Service
from ..types import Document, Narrowing
from .html.answer import transcript
from .html.answer.examples import fit
from .html.evidence import evidence as evidence_view
from .html.evidence.marking import Marked
from .html.library import jobs as jobs_view
from .html.library import library as library_view
from .html.library import scope as scope_view
from .html.library import table as table_view
from .i18n import say
from .state.document_counts import DocumentCounts
from .state.kept_turns import KeptTurns
from .state.own_questions import OwnQuestions
from .state.session import Session, Slot
from .state.turn import Turn

SKIP: Any = gr.skip()
"""Given to a component whose content stays as it is."""


class Chat(NamedTuple):
    """Contents of the chat page; each field is one component."""

    history: Markup = SKIP
    live: Markup = SKIP
    evidence: Markup = SKIP
    box: Any = SKIP
    banner: Markup = SKIP


class Ingesting(NamedTuple):
    """Contents of the documents page, and of the chat page while it is empty; each field is one component."""

    progress: Markup = SKIP
    tools: Markup = SKIP
    table: Markup = SKIP
    live: Markup = SKIP
    scope: Markup = SKIP


class Views:
    """Renders sessions with the data the service gives to each session's actor."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.counts = DocumentCounts(service)
        self.own_questions = OwnQuestions(service)
        self.kept = KeptTurns(service.conversations)

    def chat(self, slot: Slot, lang: Language) -> Chat:
        """The whole chat page."""
        session = slot.session
        earlier = [self.kept.whole(session.actor, turn) for turn in session.turns[:-1]]
        return Chat(
            history=self._address(session) + transcript.turns(earlier, lang),
            live=self.live(session, lang),
            evidence=self.evidence(session, lang),
            box=busy() if slot.answering and slot.answering.active else SKIP,
            banner=transcript.editing(session.editing, lang),
        )

    def _address(self, session: Session) -> Markup:
        """Tells the page which conversation it shows; one that is kept nowhere has no address."""
        return transcript.conversation(session.conversation if session.actor.owner else "", session.name)

    def live(self, session: Session, lang: Language) -> Markup:
        """The last turn; for an empty conversation, its offers, such as questions to try."""
        if session.last is None:
            names, job = self._names(session), self._active_job(session.actor)
            own = self._own_questions(session, lang) if names and not job and not fit(names) else ()
            return transcript.empty(lang, documents=names, own=own, job=job)
        status = self.service.status(session.actor) if session.last.waiting else None
        asked = [turn.question for turn in session.turns]
        return transcript.turn(session.last, lang, status=status, asked_before=asked)

    def _own_questions(self, session: Session, lang: Language) -> tuple[str, ...]:
        parts = [each.part or Narrowing(each.base.id) for each in self._chosen(session)]
        return self.own_questions.of(session.actor, parts, lang)

    def evidence(self, session: Session, lang: Language) -> Markup:
        """The evidence panel of the turn that is shown."""
        turns = [self._shown(session, turn) for turn in session.turns]
        turn = next((one for one in turns if one.number == session.shown), None)
        return evidence_view.panel(
            turns,
            session.shown,
            lang,
            score_name=self._score_name(session.actor, turn),
            marked=self._marked(session.actor, turn) if turn else None,
        )

    def _shown(self, session: Session, turn: Turn) -> Turn:
        return self.kept.whole(session.actor, turn) if turn.number == session.shown else turn

    def _marked(self, actor: Actor, turn: Turn) -> Marked | None:
        """The actor's marks on a turn; None while there is nothing to mark yet, or when the file cannot be read."""
        ledger = turn.ledger
        if ledger is None or not ledger.searched:
            return None
        judge = Judge.of(ledger.models.get("reranker"))
        try:
            given = marked_in(ledger, lambda query: self.service.marks.given(actor, query, judge))
            points = self.service.marks.points(actor, judge)
        except KeepingError:
            return None  # marks are beside the point: the evidence is shown without them
        return Marked(given, len(points), learn(points))

    def _score_name(self, actor: Actor, turn: Turn | None) -> str:
        if turn is not None and turn.ledger is not None and "reranker" in turn.ledger.models:
            return turn.ledger.models["reranker"].score_name
        return self.service.status(actor).score_name

    def ingesting(self, slot: Slot, lang: Language) -> Ingesting:
        """Progress of the jobs on the documents page, and on the chat page while its conversation is empty."""
        session = slot.session
        live = SKIP if session.turns else self.live(session, lang)
        return Ingesting(progress=self.progress(session, lang), live=live)

    def progress(self, session: Session, lang: Language) -> Markup:
        """List of the jobs that wait, run or ended lately; those of the knowledge base looked at come first."""
        actor, bases = session.actor, self.service.knowledge_bases.all(session.actor)
        jobs, names = self.service.jobs, {base.id: library_view.called(base, lang) for base in bases}
        known = [replace(job, collection=job.collection or bases[0].id) for job in jobs.all(actor)]
        paced = [(job, jobs.pace(actor, job.id)) for job in known]
        return jobs_view.progress(paced, lang, base=self.base(session).id, names=names)

    def filled(self, actor: Actor, base: str) -> bool:
        """True while a job of this knowledge base waits or runs."""
        return any(job.collection == base and not job.ended for job in self.service.jobs.all(actor))

    def _active_job(self, actor: Actor) -> Job | None:
        return next((job for job in self.service.jobs.all(actor) if not job.ended), None)

    def shelf(self, session: Session, lang: Language) -> tuple[Markup, Markup]:
        """The head of the document list and the list itself; in place of the list, the reason if it cannot be read."""
        actor, documents = session.actor, self.service.documents
        base, bases = self.base(session), self.service.knowledge_bases.all(actor)
        try:
            found = documents.listing(actor, session.listing, base=base.id)
        except StoreError as e:
            tools = library_view.tools(bases, base, None, session.listing, lang)
            return tools, table_view.unavailable(e.reason, lang)
        tools = library_view.tools(bases, base, found, session.listing, lang)
        kept = {document.name for document in found.documents if documents.has_original(actor, document.sha256)}
        undo = _undo(session.buried, lang)
        return tools, table_view.table(found, session.listing, lang, base=base.id, undo=undo, kept=kept)

    def table(self, session: Session, lang: Language) -> Markup:
        """The document list as the tab filters and sorts it, or the reason why it cannot be read."""
        return self.shelf(session, lang)[1]

    def base(self, session: Session) -> KnowledgeBase:
        """The knowledge base that is looked at; the default one where that is gone."""
        bases = self.service.knowledge_bases.all(session.actor)
        return next((base for base in bases if base.id == session.base), bases[0])

    def searched(self, session: Session) -> KnowledgeBase:
        """The first knowledge base the conversation searches."""
        return self._chosen(session)[0].base

    def searches(self, session: Session, base: KnowledgeBase) -> bool:
        """True if the conversation searches that knowledge base, or a part of it."""
        return base.id in {each.base.id for each in self._chosen(session)}

    def default_base(self, actor: Actor) -> str:
        """Id of the default knowledge base."""
        return self.service.knowledge_bases.all(actor)[0].id

    def shelves(self, session: Session) -> list[scope_view.BaseChoice]:
        """All knowledge bases with their documents, and the part of each that the conversation searches."""
        chosen = {each.base.id: each.part for each in self._chosen(session)}
        return [
            scope_view.BaseChoice(base, self._documents(session.actor, base.id), base.id in chosen, chosen.get(base.id))
            for base in self.service.knowledge_bases.all(session.actor)
        ]

    def _chosen(self, session: Session) -> list[scope_view.SearchedBase]:
        """The knowledge bases the conversation searches, without the counts of their documents."""
        bases = self.service.knowledge_bases.all(session.actor)
        ids = set(session.scope.collections) & {base.id for base in bases} or {bases[0].id}
        parts = {part.collection: part for part in session.scope.narrowed}
        return [scope_view.SearchedBase(base, None, parts.get(base.id)) for base in bases if base.id in ids]

    def scope(self, session: Session, lang: Language) -> Markup:
        """The chip over the composer that names the scope."""
        actor, chosen = session.actor, self._chosen(session)
        found = [replace(each, count=self.counts.of(actor, each.part or Narrowing(each.base.id))) for each in chosen]
        return scope_view.chip(found, lang, alone=len(self.service.knowledge_bases.all(actor)) == 1)

    def edition(self, actor: Actor) -> Any:
        """The edition the page compares with its own to see if it is up to date; a skip while it cannot be read."""
        try:
            return self.service.edition(actor)
        except KeepingError:
            return gr.skip()

    def _documents(self, actor: Actor, base: str) -> list[Document] | None:
        try:
            return self.service.documents.all(actor, base=base)
        except StoreError:
            return None  # the status pill says why; an offer to ingest would be wrong now

    def _names(self, session: Session) -> list[str] | None:
        """Names of all documents of the knowledge bases in scope; None while they cannot be listed."""
        names: list[str] = []
        for each in self._chosen(session):
            documents = self._documents(session.actor, each.base.id)
            if documents is None:
                return None
            names += [document.name for document in documents]
        return names


def _undo(buried: tuple[str, ...], lang: Language) -> str:
    """Sentence that names the documents deleted last; "" for none."""
    if len(buried) == 1:
        return say("library.deleted_one", lang, name=buried[0])
    return say("library.deleted_many", lang, count=len(buried)) if buried else ""


def busy() -> Any:
    """Update of the composer for a running answer. What is typed is the browser's: it empties the field itself."""
    return gr.update(submit_btn=False, stop_btn=True)


def free() -> Any:
    """Update that makes the composer ready for a question."""
    return gr.update(submit_btn=True, stop_btn=False)
