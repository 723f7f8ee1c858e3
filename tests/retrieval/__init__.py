"""Search, fusion, selection."""
