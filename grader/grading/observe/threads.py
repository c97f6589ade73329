"""What each thread of a program does, read from /proc: runs, sleeps, or waits in a call."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import seccomp

from grading.sandbox import reading


def _numbers(*names: str) -> frozenset[int]:
    """The system call numbers of this machine; a name it does not have is left out."""
    found = (seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) for name in names)
    return frozenset(number for number in found if number >= 0)


# A thread in one of these has nothing to do until something happens to it.
WAITING = _numbers(
    "accept", "accept4", "recvfrom", "recvmsg", "recvmmsg", "read", "readv", "poll", "ppoll",
    "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2", "futex", "futex_waitv",
    "rt_sigtimedwait", "rt_sigsuspend", "pause", "wait4", "waitid", "io_uring_enter",
    "io_getevents", "restart_syscall", "connect", "flock", "msgrcv", "semop", "semtimedop")
RECEIVING = _numbers("recvfrom", "recvmsg", "recvmmsg", "read", "readv")  # first argument: where
SENDING = _numbers("sendto", "sendmsg", "sendmmsg", "write", "writev")  # blocked: nobody reads
SLEEPING = _numbers("nanosleep", "clock_nanosleep")
STOPPED = -1  # no call: the thread has been stopped from outside, and waits to be continued
POLLING = _numbers("poll", "ppoll")
SELECTING = _numbers("select", "pselect6")
MULTIPLEXING = POLLING | SELECTING | _numbers("epoll_wait", "epoll_pwait", "epoll_pwait2",
                                              "io_uring_enter", "io_getevents")

_BLOCKED = WAITING | SENDING | {STOPPED}

# In state D it is at work in one of these: a file's bytes are on their way, or the table of
# descriptors grows, which in a program of several threads waits for every processor (10 to 50 ms
# and more: longer than UNREAD_S of quiescence.py on a busy machine).
_MAY_BE_BUSY = _numbers("read", "readv", "write", "writev", "accept", "accept4")

# Which argument of a call is its time limit: a pointer that is not null, or milliseconds from 0 on.
_LIMIT_POINTER = {number: place for place, names in
                  ((2, ("ppoll", "rt_sigtimedwait")), (3, ("futex", "epoll_pwait2", "semtimedop")),
                   (4, ("select", "pselect6"))) for number in _numbers(*names)}
_LIMIT_NUMBER = {number: place for place, names in
                 ((2, ("poll",)), (3, ("epoll_wait", "epoll_pwait")))
                 for number in _numbers(*names)}


@dataclass(frozen=True)
class ThreadSample:
    """One thread at one moment. Two equal samples of a waiting thread:
    it has not run in between."""

    pid: int
    tid: int
    call: int | None  # the system call it is blocked in; None while it runs
    first_arguments: tuple[int, int]
    slices: int  # how often it has been put on a processor
    run_ns: int  # for how long, altogether
    timed: bool = False  # the call it is blocked in has a time limit: time, too, will wake it

    @property
    def asleep(self) -> bool:
        """True if only time will wake it: nanosleep, or a poll or select of nothing."""
        if self.call in SLEEPING:
            return True
        return ((self.call in POLLING and self.first_arguments[1] == 0)
                or (self.call in SELECTING and self.first_arguments[0] == 0))

    @property
    def blocked(self) -> bool:
        """True if an event has to come before it runs again."""
        return self.call in _BLOCKED and not self.asleep


def sample_threads(pids: Iterable[int], earlier: Iterable[ThreadSample] = ()
                   ) -> tuple[ThreadSample, ...] | None:
    """Every thread of these processes; None if one vanished meanwhile, so something is going on.

    earlier: samples of which those are taken again whose thread has not run since.
    """
    known = {sample.tid: sample for sample in earlier}
    samples: list[ThreadSample] = []
    try:
        for pid in pids:
            with reading(pid):
                for name in os.listdir(f"/proc/{pid}/task"):
                    sample = _sample(pid, int(name), known.get(int(name)))
                    if sample:
                        samples.append(sample)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # PermissionError: it is ending, and its memory is gone before it is
    return tuple(samples)


def all_asleep(threads: Iterable[ThreadSample]) -> bool:
    """False if one of them has been woken: on another processor, which may take its time where the
    machine is not a real one, and until then the thread seems to be in the call that it was in."""
    try:
        return all(_state(thread.pid, thread.tid) != b"R" for thread in threads)
    except (FileNotFoundError, ProcessLookupError):
        return False


def whereabouts(pids: Iterable[int]) -> str:
    """What the threads of these processes do, in words: "2 wait in futex, 1 runs"."""
    calls = Counter(thread.call for thread in sample_threads(pids) or ())
    return ", ".join(f"{count} {_doing(call, one=count == 1)}"
                     for call, count in calls.most_common())


def _doing(call: int | None, *, one: bool) -> str:
    if call is None:
        return "runs" if one else "run"
    if call == STOPPED:
        return "is stopped" if one else "are stopped"
    name = seccomp.resolve_syscall(seccomp.Arch.NATIVE, call)
    return f"{'waits' if one else 'wait'} in {name.decode()}"


def _sample(pid: int, tid: int, earlier: ThreadSample | None) -> ThreadSample | None:
    """One thread; None for a zombie, which will never run again.

    First how often it has run, then what it does: if the first has not changed, neither has the
    second since it was read. A kernel that does not count says 0, also of who has run.
    """
    run_ns, _, slices = (int(word) for word in _read(f"/proc/{pid}/task/{tid}/schedstat").split())
    if (earlier and earlier.blocked and earlier.call != STOPPED and slices
            and (earlier.pid, earlier.slices, earlier.run_ns) == (pid, slices, run_ns)):
        return earlier
    words = _read(f"/proc/{pid}/task/{tid}/syscall").split()
    if not words or words[0] in (b"running", b"-1"):
        state = _state(pid, tid)
        if state in b"ZX":
            return None
        return ThreadSample(pid, tid, STOPPED if state in b"tT" else None, (0, 0), slices, run_ns)
    call, arguments = int(words[0]), [int(word, 16) for word in words[1:7]]
    if call in _MAY_BE_BUSY and _state(pid, tid) == b"D":
        return ThreadSample(pid, tid, None, (0, 0), slices, run_ns)
    return ThreadSample(pid, tid, call, (arguments[0], arguments[1]), slices, run_ns,
                        _has_time_limit(call, arguments))


def _has_time_limit(call: int, arguments: list[int]) -> bool:
    if call in _LIMIT_NUMBER:
        return arguments[_LIMIT_NUMBER[call]] & 0x8000_0000 == 0  # an int; negative: for ever
    return call in _LIMIT_POINTER and arguments[_LIMIT_POINTER[call]] != 0


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def thread_count(pids: Iterable[int]) -> int:
    """Live threads of these processes; those that have ended and wait to be reaped do not count."""
    return len(thread_ids(pids))


def thread_ids(pids: Iterable[int]) -> set[int]:
    """The ids of these processes' live threads."""
    found: set[int] = set()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for name in os.listdir(f"/proc/{pid}/task"):
                with suppress(FileNotFoundError, ProcessLookupError):
                    if _state(pid, int(name)) not in b"ZX":
                        found.add(int(name))
    return found


def thread_ids_inside(pids: Iterable[int]) -> set[int]:
    """The same, as gettid(2) tells them to the threads: in their own namespace of processes."""
    found: set[int] = set()
    for pid in pids:
        for tid in thread_ids([pid]):
            with suppress(FileNotFoundError, ProcessLookupError):
                status = _read(f"/proc/{pid}/task/{tid}/status")
                found |= {int(line.split()[-1]) for line in status.splitlines()
                          if line.startswith(b"NSpid:")}
    return found


def _state(pid: int, tid: int) -> bytes:
    return _read(f"/proc/{pid}/task/{tid}/stat").rpartition(b")")[2].split()[0]


def descriptors(pid: int) -> dict[int, str]:
    """The open descriptors of a process and what each is: a socket, a pipe, a file."""
    found: dict[int, str] = {}
    for tid in sorted(thread_ids([pid]))[:1]:  # a main thread may have ended before the others
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError), reading(pid):
            for name in os.listdir(f"/proc/{pid}/task/{tid}/fd"):
                with suppress(FileNotFoundError):
                    found[int(name)] = os.readlink(f"/proc/{pid}/task/{tid}/fd/{name}")
    return found


def cpu_ns(pids: Iterable[int]) -> int:
    """Processor time of these processes so far, in nanoseconds,
    threads that have ended included."""
    total = 0
    for pid in pids:
        try:
            total += time.clock_gettime_ns(~pid << 3 | 2)  # the clock clock_getcpuclockid(3) names
        except OSError:
            continue
    return total
