"""Labelled questions, the measures over them, and comparisons of indexes and settings.

No page.
"""
