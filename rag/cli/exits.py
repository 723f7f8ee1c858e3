"""Exit codes of `python -m rag`. `verify` has its own; 2 is argparse's for a wrong command line."""

OK, FAILED, ABSTAINED = 0, 1, 3

INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143
"""Ctrl-C, a pipe whose reader has left, and the signal of `kill` and `docker stop`, as a shell counts them."""
