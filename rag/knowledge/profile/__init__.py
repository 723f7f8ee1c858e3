"""The profile of a knowledge base: what it is made of, counted from its documents without a model.

counting  documents and their contents to a profile, pure
shelf     the contents of documents, read once for each revision
"""
