"""Weights of models: found in the local cache, downloaded, checked.

No torch: files only.
"""
