"""Two-stage retrieval: search, fuse, rerank, select; scope and duplicates.

Which model and which database is not known here.
"""
