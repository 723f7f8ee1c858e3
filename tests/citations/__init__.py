"""Markers, quotes and claims."""
