"""The kill matrix: which defects each check fails, and which clauses they break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grading.lab import Lab

from accuracy.corpus import CONFORMING, DEFECTS
from accuracy.judged import Judged


@dataclass(frozen=True)
class Matrix:
    """All that a run over the corpus has brought to light."""

    lab: Lab
    judged: Sequence[Judged]

    def of(self, kind: str) -> list[Judged]:
        """The programs of one kind that were graded."""
        return [one for one in self.judged if one.entry.kind == kind]

    @property
    def certain(self) -> list[Judged]:
        """The defects that show whenever they are looked for: all but the races."""
        return [one for one in self.of(DEFECTS) if not one.entry.race]

    @property
    def exact(self) -> list[Judged]:
        """The certain defects that lose exactly what they should."""
        return [one for one in self.certain if one.right and one.caught]

    @property
    def wronged(self) -> list[Judged]:
        """Right programs that lost something."""
        return [one for one in self.of(CONFORMING) if one.wronged]

    @property
    def verdicts(self) -> int:
        """How many rows were compared."""
        return sum(len(one.rows) for one in self.judged)

    def killers(self, check: str) -> list[Judged]:
        """The defects that fail a check, on whichever target."""
        return [one for one in self.of(DEFECTS) if any(row.name == check for row in one.failed)]

    @property
    def untested(self) -> list[str]:
        """Checks that no defect fails: nobody knows whether they can fail at all."""
        return [name for name in self.lab.checks if not self.killers(name)]

    @property
    def troubles(self) -> list[str]:
        """A line for everything that is not as it is known to be."""
        missed = [f"{one.entry.name}: nothing that tests {' or '.join(one.entry.breaks)} has failed"
                  for one in self.certain if not one.caught]
        return [trouble for one in self.judged for trouble in one.troubles] + missed
