"""Values to escaped HTML. Pure functions of (value, language); nothing here knows Gradio.

`gr.HTML` shows what it is given, so escaping happens here and only here: every text from a document, a file name, a
question, a model or an error goes through `markup.esc`, `markup.name` or `markdown.answer`.
"""
