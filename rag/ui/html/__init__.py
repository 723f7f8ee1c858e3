"""Values to HTML. Pure functions of (value, language); nothing here knows Gradio.

What they return is `Markup`, so that types prove the escaping. HTML is written down in `markup.html`, and a text from a
document, a file name, a question, a model or an error gets into it through a place alone, which escapes it once. The
page's components take nothing else.
"""
