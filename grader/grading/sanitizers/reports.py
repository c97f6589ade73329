"""What AddressSanitizer, LeakSanitizer and ThreadSanitizer have written, read into stacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_BEGIN = re.compile(r"^(?:==\d+==ERROR|WARNING): (Address|Leak|Thread)Sanitizer: (.+)$")
_FRAME = re.compile(r"^\s+#\d+ (?:0x[0-9a-f]+ in )?(.*)$")
_PLACE = re.compile(r"^(.+?):(\d+)(?::\d+)?(?: \(.*\))*$")
_KIND = re.compile(r"attempting [a-z-]+|[A-Za-z-]+(?: [a-z]+)*?(?= on | \(|:|$)")
_RUNTIME = re.compile(r"pthread_create|allocate_dtv|_dl_allocate_tls")


@dataclass(frozen=True)
class Frame:
    """One line of a stack: `place` is file:line in the submission, empty for other code."""

    function: str
    place: str


@dataclass(frozen=True)
class Stack:
    """Who did what, and from where."""

    headline: str
    frames: tuple[Frame, ...]

    @property
    def own(self) -> Frame | None:
        """The innermost function of the submission."""
        return next((frame for frame in self.frames if frame.place), None)

    @property
    def of_the_runtime(self) -> bool:
        """What the C library has made for a thread, whoever has started it."""
        inner = self.frames[:next((n for n, f in enumerate(self.frames) if f.place), None)]
        return any(_RUNTIME.search(frame.function) for frame in inner)


@dataclass(frozen=True)
class SanitizerReport:
    """One error: data race, heap-use-after-free, memory leaks."""

    kind: str
    stacks: tuple[Stack, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Where the submission has its part in it: what makes two reports the same."""
        first_two = [stack for stack in self.stacks if stack.frames][:2]
        return tuple(sorted({stack.own.place for stack in first_two if stack.own}))


def parse(text: str, home: str) -> tuple[SanitizerReport, ...]:
    """Every report of one process, as often as it was written; `home` is the submission's top."""
    reports: list[SanitizerReport] = []
    kind, stacks, headline = "", list[Stack](), ""
    frames: list[Frame] = []

    def end_stack() -> None:
        if frames or _matters_alone(headline):
            stacks.append(Stack(headline, tuple(frames)))
        frames.clear()

    for line in (*text.splitlines(), "SUMMARY: "):
        if begin := _BEGIN.match(line):
            kind, headline = _kind(begin[2]), ""
            stacks.clear()
            frames.clear()
        elif kind and (frame := _FRAME.match(line)):
            frames.append(_frame(frame[1], home))
        elif kind and line.startswith("SUMMARY: "):
            end_stack()
            reports.append(SanitizerReport(kind, tuple(stacks)))
            kind = ""
        elif kind and line.strip():
            end_stack()
            headline = line.strip().rstrip(":")
    return tuple(reports)


def _kind(words: str) -> str:
    found = _KIND.match(words)
    return "memory leaks" if words == "detected memory leaks" else found[0] if found else words


def _frame(rest: str, home: str) -> Frame:
    at = rest.find(f" {home}/")
    place = _PLACE.match(rest[at + len(home) + 2:]) if at >= 0 else None
    if place:
        return Frame(_short(rest[:at]), f"{place[1]}:{place[2]}")
    return Frame(_short(re.split(r" (?:<null>|\(|/|\.\./)", rest)[0]), "")


def _short(function: str) -> str:
    """A function's name without its parameters."""
    found = re.match(r".*?operator ?\(\)|[^(]*", function.replace("(anonymous namespace)::", ""))
    return found[0] if found else function


def _matters_alone(headline: str) -> bool:
    return headline.startswith("Location is") or " is located " in headline


def distinct(reports: Iterable[SanitizerReport]) -> list[SanitizerReport]:
    """Each error once, the submission's own code first; what the runtime loses is left out."""
    found: dict[tuple[str, ...], SanitizerReport] = {}
    for report in reports:
        if report.kind == "memory leaks":
            leaks = tuple(stack for stack in report.stacks if not stack.of_the_runtime)
            report = SanitizerReport(report.kind, leaks)
            if not leaks:
                continue
        found.setdefault((report.kind, *report.places), report)
    return sorted(found.values(), key=lambda report: not report.places)
