"""What a failure probably comes from: learnt from programs whose one mistake is known.

Each defect of the corpus left signs when it was graded: which checks failed, with which verdict,
and by which signal or report. A submission that shows the same signs probably has the same mistake.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

from grading.verdict import CheckResult, Verdict

FILE = "causes.json"  # beside lab.toml; `make accuracy` writes it
MOST = 2  # causes that are told of one failure
ENOUGH = 0.45  # how alike two sets of signs must be, of 1
OWN = 0.7  # how much it counts that a known mistake's signs are all there; the rest: no others are
_TELLING = re.compile(r"SIG[A-Z]{3,}|exit status \d+|\b(?:heap|stack|global)-[a-z-]+|double-free|"
                      r"memory leak|data race|stack-overflow", re.IGNORECASE)
# Which of its scenes a check tells of, where one verdict may come from either: a mistake that shows
# in the one is not the cause of what went wrong in the other.
_SCENE = re.compile(r"server (?:stays silent|goes on talking)")


@dataclass(frozen=True)
class KnownCause:
    """One mistake, and the signs that a program with it shows on a target."""

    name: str  # of the program in the corpus
    words: str  # what its author would have to know
    signs: frozenset[str]


def signs_of(rows: Iterable[CheckResult]) -> frozenset[str]:
    """What the rows of one target tell: `check`, `check FAIL`, `check SIGPIPE`; those that wait
    or could not be judged tell nothing."""
    found = set[str]()
    for row in rows:
        silent = row.verdict in (Verdict.PASS, Verdict.BLOCKED) or row.verdict.is_the_graders
        if not silent and row.cause:
            said = f"{row.cause.rationale} {row.cause.actual}"
            found |= {row.name, f"{row.name} {row.verdict.value}",
                      *(f"{row.name} {word}" for telling in (_TELLING, _SCENE)
                        for word in telling.findall(said))}
    return frozenset(found)


def read_causes(path: Path) -> tuple[KnownCause, ...]:
    """What is known; nothing where there is no such file. Raises ValueError or KeyError."""
    if not path.is_file():
        return ()
    return causes_in(path.read_text(encoding="utf-8"))


def causes_in(text: str) -> tuple[KnownCause, ...]:
    """What such a file says. Raises ValueError or KeyError."""
    return tuple(KnownCause(one["name"], one["cause"], frozenset(one["signs"]))
                 for one in json.loads(text))


def written(causes: Iterable[KnownCause]) -> str:
    """The file's text."""
    return json.dumps([{"name": one.name, "cause": one.words, "signs": sorted(one.signs)}
                       for one in causes], indent=1, ensure_ascii=False) + "\n"


def with_likely_causes(rows: Sequence[CheckResult],
                       known: Sequence[KnownCause]) -> tuple[CheckResult, ...]:
    """The rows of one report; each that failed says what it probably comes from,
    if that is known."""
    weights, told = _weights(known), list[CheckResult]()
    signs = {target: signs_of(row for row in rows if row.target == target)
             for target in {row.target for row in rows}}
    for row in rows:
        its = signs[row.target]
        if row.cause and row.name in its:
            likely = _most_like(row.name, its, known, weights)
            row = replace(row, cause=replace(row.cause, likely=likely))
        told.append(row)
    return tuple(told)


def _most_like(check: str, signs: frozenset[str], known: Sequence[KnownCause],
               weights: dict[str, float]) -> tuple[str, ...]:
    scored = [(_likeness(signs, one.signs, weights), one.words) for one in known
              if check in one.signs and not _differ(_scenes(check, signs),
                                                    _scenes(check, one.signs))]
    best = dict.fromkeys(words for score, words in sorted(scored, reverse=True) if score >= ENOUGH)
    return tuple(best)[:MOST]


def _scenes(check: str, signs: frozenset[str]) -> set[str]:
    return {sign for sign in signs if sign.startswith(f"{check} ") and _SCENE.search(sign)}


def _differ(seen: set[str], known: set[str]) -> bool:
    return bool(seen and known) and not seen & known


def _likeness(seen: frozenset[str], known: frozenset[str], weights: dict[str, float]) -> float:
    def weight(signs: frozenset[str]) -> float:
        return sum(weights.get(sign, 1.0) for sign in signs)

    both = weight(seen & known)
    return both * (OWN / weight(known) + (1 - OWN) / weight(seen)) if both else 0.0


def _weights(known: Sequence[KnownCause]) -> dict[str, float]:
    """The rarer a sign is among the known mistakes, the more it says."""
    often = Counter(sign for one in known for sign in one.signs)
    return {sign: log(1 + len(known) / count) for sign, count in often.items()}
