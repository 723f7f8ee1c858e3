"""Exit codes of `python -m rag`. `verify` has its own; 2 is argparse's for a wrong command line."""

OK, FAILED, ABSTAINED = 0, 1, 3

INTERRUPTED, UNREAD = 130, 141
"""Ctrl-C, and a pipe whose reader has left, as a shell counts them."""
