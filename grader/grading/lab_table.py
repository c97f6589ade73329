"""A table of lab.toml: every value is of the kind that is asked for, and none is left over."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

MOST_POINTS = 100
MOST_PORT = 65535

Row = TypeVar("Row")


class LabError(Exception):
    """The lab says something that cannot be: one line, for the lab's author."""


class Table:
    """What is taken out of it is proved; raises LabError with the name of the table and the key."""

    def __init__(self, name: str, data: object) -> None:
        if not isinstance(data, dict):
            raise LabError(f"{name} is no table")
        self.name = name
        self._left = dict(data)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; it has to be there where no default is given."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise LabError(f"{self.name}: {key} is no string")
        return value

    def words(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        """A list of strings; it has to be there where no default is given."""
        value = self._take(key, default)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise LabError(f"{self.name}: {key} is no list of strings")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """True or false; false where the key is not there."""
        value = self._take(key, False)
        if not isinstance(value, bool):
            raise LabError(f"{self.name}: {key} is neither true nor false")
        return value

    def port(self, key: str) -> int:
        """The number of a port; 0 where the key is not there."""
        value = self._take(key, 0)
        if type(value) is not int or not 0 <= value <= MOST_PORT:
            raise LabError(f"{self.name}: {key} is no number from 0 to {MOST_PORT}")
        return value

    def thousandths(self, key: str) -> int:
        """A number of points in thousandths of one; 0 where the key is not there."""
        return _thousandths(f"{self.name}: {key}", self._take(key, 0))

    def table(self, key: str) -> Table:
        """A table in this one; empty where the key is not there."""
        return Table(key, self._take(key, {}))

    def points(self, key: str) -> dict[str, int]:
        """Target -> thousandths of a point; empty where the key is not there."""
        table = Table(f"{self.name}: {key}", self._take(key, {}))
        return {target: _thousandths(f"{table.name} of {target}", value)
                for target, value in table._left.items()}

    def rows(self, key: str, read: Callable[[str, Table], Row], called: str) -> dict[str, Row]:
        """The tables in the table `key`, each read to its end: `called` is what one of them is."""
        found: dict[str, Row] = {}
        for name, data in Table(key, self._take(key, None))._left.items():
            table = Table(f"{called} {name}", data)
            found[name] = read(name, table)
            table.end()
        return found

    def rest(self) -> dict[str, object]:
        """What nobody has asked for yet, as it is."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        """Nothing may be left that nobody has asked for."""
        for key in self._left:
            raise LabError(f"{self.name}: {key} is no key that is known here")

    def _take(self, key: str, default: object) -> object:
        value = self._left.pop(key, default)
        if value is None:
            raise LabError(f"{self.name}: {key} is missing")
        return value


def _thousandths(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not (
            Decimal(value).is_finite() and 0 <= value <= MOST_POINTS):
        raise LabError(f"{name} is no number from 0 to {MOST_POINTS}")
    if value * 1000 % 1:
        raise LabError(f"{name} has more than three decimals")
    return int(value * 1000)
