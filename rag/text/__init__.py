"""What can be told of a text alone: language, terms, sentences, Markdown spans, links, highlights.

No documents, no models, no Milvus.
"""
