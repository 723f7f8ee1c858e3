"""Files, formats and chunks."""
