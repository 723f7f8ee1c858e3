"""What is kept of answers, and all that reads it: conversations, marks, saved evidence, verification, export.

No page, no models.
"""
