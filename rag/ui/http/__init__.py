"""What stands before the page's events: who may ask, from where, how much, and what every answer carries.

Pure ASGI: no Gradio, and no knowledge of what an event does.
"""
