"""What the page knows of a visitor between two events: session, options, turn, running answers.

No HTML, no Gradio components.
"""
