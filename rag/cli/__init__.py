"""The commands of `python -m rag`: arguments in, lines and an exit status out.

No page. What a command does is asked of the service.
"""
