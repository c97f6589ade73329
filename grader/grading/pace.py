"""How long a scene waits before it looks again."""

from __future__ import annotations

TICK_S, LONGEST_TICK_S = 0.0004, 0.004
EARLY_LOOKS = 3  # most that is awaited has come by then
SHORT_LOOKS = 16  # so many at short ticks, then each a little later than the one before


class Pace:
    """How long to wait before the next look: a moment, and longer when for long nothing moves, for
    whoever looks all the time takes the processor from those who are to act."""

    def __init__(self) -> None:
        self._looks = 0

    @property
    def seconds(self) -> float:
        late = self._looks - SHORT_LOOKS
        return TICK_S if late < 0 else min(0.001 * 1.1 ** min(late, SHORT_LOOKS), LONGEST_TICK_S)

    @property
    def is_early(self) -> bool:
        """Something has just moved, or the wait has just begun: what is awaited may be on its way,
        and whether anybody would still bring it need not be asked yet."""
        return self._looks < EARLY_LOOKS

    def go_on(self, moved: bool) -> None:
        self._looks = 0 if moved else self._looks + 1
