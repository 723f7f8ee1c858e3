"""Exit codes of `python -m rag`. `verify` has its own; 2 is argparse's for a wrong command line."""

OK, FAILED, ABSTAINED = 0, 1, 3
