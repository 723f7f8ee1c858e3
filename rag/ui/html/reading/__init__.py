"""The document viewer: a document with the passages that were found in it."""
