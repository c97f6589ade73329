"""Makes `grading` importable for the tests of the grader itself."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# These run inside a worker, started by test_sandbox_inside.py.
collect_ignore = ["inside"]

# Whoever starts the tests in the background may have Ctrl-C ignored, for their children as well.
signal.signal(signal.SIGINT, signal.default_int_handler)
