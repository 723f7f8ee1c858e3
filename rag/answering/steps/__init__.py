"""Gathering evidence in steps: what to look for next, chosen by rules or a model, within a budget.

parts       the parts of a question: sides of a comparison, questions in one
listing     questions that ask for documents; list_words, days
history     questions about time
tabulating  questions that ask something of a table; table_words, cells
results     what lists and tables come to, with the passages they rest on
telling     that in words
comparing   two subjects beside each other; versions of a document: versions
charting    tables as charts
planner     what a planner is given, and what it chooses
rules       the planner that needs no model
showing     its rules for what only shows what was found
arguments   what lists, counts and narrowed searches were told, as pairs of words
model       the planner that asks the language model; ways: how that is made to reply in a form
kinds       the kinds of steps it may choose; offers: those of one moment; view: what it is shown
gathering   the loop: choose, do, look at what came of it

Steps change only what is gathered. Every step that finds passages is a search of the answer's record; prompt, answer,
quotes and refusal are those of an answer by one search.
"""
