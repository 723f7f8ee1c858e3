"""Ways of getting an embedding model, a reranker or a chat model; one folder for each.

No citations, no store, no page.
"""
