"""State the page keeps of a visitor between two events: session, options, turns, running answers.

No HTML, no Gradio components.
"""
