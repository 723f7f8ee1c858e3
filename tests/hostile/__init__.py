"""Hostile inputs and the one runner for them: `python -m tests.hostile`, or `make attack`.

texts      Markdown and prose that make a scanner work: repeated, nested, never closed
files      names and bytes somebody uploads
names      what a file or a knowledge base may be called
questions  what somebody types
replies    what a provider sends back
events     what a page's event may carry
requests   what arrives at the port: bodies, floods, visitors are its parts, wire the bare connection
bounds     a piece of work in a process of its own, bounded in processor time and memory
target     the started app, seen from outside
page       one visitor's page, without a browser
case       what a hostile input is; `PENDING`, those the product does not yet stand
attack     every case against a started app, and what must hold after each
"""
