"""Knowledge bases: their documents, indexes, kept originals, jobs (`jobs/`) and archives (`transfer/`).

No page.
"""
