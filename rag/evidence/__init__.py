"""The records kept of answers, and all that reads them: conversations, marks, saved evidence, verification, export.

No page, no models.
"""
