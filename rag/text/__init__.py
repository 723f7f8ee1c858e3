"""Analysis of a text by itself: language, terms, sentences, Markdown spans, links, highlights.

No documents, no models, no Milvus.
"""
