"""Measures and labelled sets."""
