#!/usr/bin/env python3
"""`make images`: plays the scenes again and takes the pictures of the documents anew."""

from __future__ import annotations

import argparse
import sys

from scenes import SCENES


def main() -> int:
    """0: all pictures were taken; 1: one was not, and why."""
    parser = argparse.ArgumentParser(prog="make images", description=__doc__)
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], help="only these")
    for name in parser.parse_args().scenes or SCENES:
        print(f"{name} ...", file=sys.stderr)
        try:
            SCENES[name]()
        except (OSError, TimeoutError) as error:
            print(f"make images: {name}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
