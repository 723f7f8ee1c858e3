"""Speed, measured on the machine at hand. `python -m benchmarks --help`; see README.md beside this file."""
