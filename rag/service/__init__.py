"""`Service`, all that fronts can ask of the product, with one small part per area. Every call says who is asking.

Must not know any front, nor which models and which database are behind it.
"""

from .service import Service

__all__ = ["Service"]
