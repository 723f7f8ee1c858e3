"""Handlers of the page's events: they unpack the inputs, ask the service and return updates.

No HTML: `html/` draws.
"""
