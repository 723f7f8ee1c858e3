"""The documents page: knowledge bases, list, jobs, indexes, scope."""
