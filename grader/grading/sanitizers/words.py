"""A sanitizer's reports in the words of a score card: what happened, where, and by which thread."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grading.sanitizers.tool import Sanitizer
from grading.sanitizers.reports import SanitizerReport, Stack
from grading.shortfall import Shortfall

MOST_LINES = 5  # of other errors that a card tells of
_ACCESS = re.compile(r"(read|write) of size \d+ at \S+(?: by)? ((?:main )?thread\b(?: T\d+)?)",
                     re.I)
_FREES = re.compile(r"(free|operator delete|realloc)\b")
_SIZE = re.compile(r"(\d+) byte\(s\) in (\d+) object")
_LOCATION = re.compile(r"Location is (global '[^']+'|file descriptor \d+|heap block|stack)")
_RATIONALES = {
    "data race": "Two threads use the same data, one of them writes, and no lock orders them.",
    "memory leaks": "Memory is lost: nothing points to it any more, and nobody has freed it.",
    "heap-use-after-free": "Memory is used after it was freed.",
    "attempting double-free": "The same memory is freed twice.",
    "SEGV": "The program uses an address that is none of its own.",
}


def shortfall(tool: Sanitizer, reports: Sequence[SanitizerReport], who: str,
              seed: int = 0) -> Shortfall:
    """The first report in full, a line for each of the others; the seed of its schedule."""
    first, *others = reports
    more = [f"also: {first_line(report)}" for report in others[:MOST_LINES]]
    if len(others) > MOST_LINES:
        more.append(f"and {len(others) - MOST_LINES} more")
    schedule = f" The threads took turns as seed {seed} says." if seed else ""
    return Shortfall(
        _RATIONALES.get(first.kind, f"{tool.title} reports: {first.kind}.") + schedule,
        expected=f"{who} runs an ordinary session, built with {tool.command}, without a report",
        actual="; ".join(lines(first)), detail="\n".join(more), seed=seed)


def first_line(report: SanitizerReport) -> str:
    """One report in one line."""
    places = ", ".join(report.places) or "not in your own code"
    return f"{report.kind} ({places})"


def lines(report: SanitizerReport) -> list[str]:
    """One report: what, where, who; only what can be told."""
    if report.kind == "memory leaks":
        more = len(report.stacks) - MOST_LINES
        leaks = [_leak(stack) for stack in report.stacks[:MOST_LINES]]
        return leaks if more <= 0 else [*leaks, f"and {more} more"]
    told = []
    for stack in report.stacks:
        if access := _ACCESS.search(stack.headline):
            told.append(_access(stack, access, report.kind == "data race"))
        elif not stack.headline and report.kind == "attempting double-free":
            told.append(f"freed again in {_where(stack)}")
        elif stack.headline.startswith("freed by"):
            told.append(f"freed in {_where(stack)} by {_thread(stack.headline)}")
        elif "allocated by" in stack.headline and stack.own:
            told.append(f"allocated in {_where(stack)}")
        elif stack.headline.startswith("Thread T") and stack.own:
            told.append(f"thread {stack.headline.split()[1]} was started in {_where(stack)}")
        elif location := _LOCATION.match(stack.headline):
            made = f", made in {_where(stack)}" if stack.own else ""
            told.append(f"it is {_article(location[1])}{made}")
    where = f" in {_where(report.stacks[0])}" if report.stacks else ""
    return told or [f"{report.kind}{where}"]


def _access(stack: Stack, access: re.Match[str], race: bool) -> str:
    done = "read" if access[1].lower() == "read" else "written"
    inner = stack.frames[0].function if stack.frames and not stack.frames[0].place else ""
    call = inner.removeprefix("__interceptor_")
    if _FREES.match(call) or call == "close":
        done = "closed" if call == "close" else "freed"
    elif call.isidentifier():
        done += f" by {call}()"
    lock = ", holding a lock that the other does not hold" if "mutexes:" in stack.headline else (
        ", without a lock")
    return f"{done} in {_where(stack)} by {_thread(access[2])}{lock if race else ''}"


def _leak(stack: Stack) -> str:
    size = _SIZE.search(stack.headline)
    how_much = f"{size[1]} bytes in {size[2]} block{'s' * (size[2] != '1')}" if size else "memory"
    held = (", reached only through a block that is lost, too"
            if stack.headline.startswith("Indirect") else "")
    return f"{how_much}, allocated in {_where(stack)}{held}"


def _where(stack: Stack) -> str:
    if stack.own:
        return f"{stack.own.place} ({stack.own.function})"
    if stack.frames:
        return f"{stack.frames[0].function}()"
    return "a place that the tool has forgotten"


def _thread(words: str) -> str:
    found = re.search(r"thread (T\d+)", words)
    return f"thread {found[1]}" if found and found[1] != "T0" else "the main thread"


def _article(what: str) -> str:
    return {"heap block": "a block of the heap", "stack": "on a thread's stack"}.get(
        what, what.replace("global", "the global variable"))
