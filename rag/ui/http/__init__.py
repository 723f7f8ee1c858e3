"""Middleware in front of the page's events: checks of host, visitor and quantity, and headers of every answer.

Pure ASGI: no Gradio, and no knowledge of what an event does.
"""
