"""python -m tests.hostile [WORD…]: every case whose name holds one of the words, against a started app."""

from __future__ import annotations

import sys

from .attack import attack, cases


def main() -> int:
    words = sys.argv[1:]
    chosen = [case for case in cases() if not words or any(word in f"{case.kind}: {case.id}" for word in words)]
    line = ""
    for line in attack(chosen):
        print(line, flush=True)
    return 0 if line.endswith(" 0 failed") else 1


if __name__ == "__main__":
    sys.exit(main())
