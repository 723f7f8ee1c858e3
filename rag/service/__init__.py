"""What fronts can ask of the product: `Service`, with one small part for each area. Every call says who is asking.

Must not know any front, nor which models and which database.
"""

from .service import Service

__all__ = ["Service"]
