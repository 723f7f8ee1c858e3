"""What happens on an event of the page: inputs unpacked, the service asked, updates returned.

No HTML: `html/` draws.
"""
