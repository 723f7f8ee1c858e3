"""Gathering evidence in steps: what to look for next, chosen by rules or a model, within a budget.

parts       the parts of a question: sides of a comparison, questions in one
planner     what a planner is given, and what it chooses
rules       the planner that needs no model
model       the planner that asks the language model
gathering   the loop: choose, do, look at what came of it

Steps change only what is gathered. Every step that finds passages is a search of the answer's record; prompt, answer,
quotes and refusal are those of an answer by one search.
"""
