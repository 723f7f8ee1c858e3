"""Settings: what the environment or `.env` decides, read once.

settings      every setting with its bounds
environment   where values stand, and what form one has
addresses     parsers of those that hold addresses
"""

from __future__ import annotations

from .environment import Secret, Spec, environment
from .settings import Settings, unknown

__all__ = ["Secret", "Settings", "Spec", "environment", "unknown"]
