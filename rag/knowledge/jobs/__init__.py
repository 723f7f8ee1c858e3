"""Ingests and re-indexings that outlive the page that began them: kept, queued, worked on, resumed.

No page.
"""
