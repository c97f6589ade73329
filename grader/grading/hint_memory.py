"""Which hints a student has seen: kept in a file, begun anew when a check's verdict changes."""

from __future__ import annotations

import json
from pathlib import Path

from grading.report.result_json import write_whole
from grading.verdict import Report


class HintMemory:
    """How many hints of each check were shown since its verdict is what it is. What cannot be read
    counts as nothing seen; the file is written at each change."""

    def __init__(self, path: Path, report: Report) -> None:
        self._path, self._report = path, report
        self._seen = self._read()

    def seen(self, check: str) -> int:
        """The level that was shown last, 0 for none."""
        level, state = self._seen.get(check, (0, ""))
        return level if state == self._state(check) else 0

    def shown(self, check: str, level: int) -> None:
        """This level has been shown; raises OSError."""
        self._seen[check] = (level, self._state(check))
        write_whole(self._path, json.dumps(self._seen) + "\n")

    def _state(self, check: str) -> str:
        return " ".join(f"{row.target}:{row.verdict.value}" for row in self._report.rows
                        if row.name == check)

    def _read(self) -> dict[str, tuple[int, str]]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return {check: (int(level), str(state)) for check, (level, state) in kept.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}
