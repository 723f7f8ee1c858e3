"""Markers and quotes in an answer: found, streamed, and checked against the contexts letter by letter.

No network, no HTML, no models.
"""
