"""libst_proactor: when a handler runs, on which thread, and what the program may do meanwhile."""

import socket

from grading.driver import Driver, garbled, number
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.verdict import Verdict

FIRST, OTHER = "first", "other"  # the two functions that a driver has for handlers
MANY = 20  # handlers, one after the other


def check_handler_runs_when_there_is_something_to_read(theatre: Theatre) -> None:
    """A handler runs when its descriptor has data, as long as there is some, is at end-of-file,
    or has a connection to accept."""
    driver = running(theatre)
    pair = added(driver, "read")
    for word in ("one", "two", "three"):
        driver.ask(f"write {pair} {word}")
        must_handle(driver, pair, word)
    driver.ask(f"end {pair}")
    must_handle(driver, pair, "end")
    sipped = added(driver, "sip")
    driver.ask(f"write {sipped} ab")
    must_handle(driver, sipped, "a")
    must_handle(driver, sipped, "b")
    _, listener, _, port = driver.ask("listen")[:4]
    driver.ask(f"add {listener} accept")
    with socket.create_connection(("127.0.0.1", number(port, 65535))):
        must_handle(driver, number(listener), "accepted")


def check_handler_has_a_short_thread_of_its_own(theatre: Theatre) -> None:
    """Each handler runs on a thread of its own, and the thread ends when the handler returns."""
    driver = running(theatre)
    pair, busy = added(driver, "hold"), added(driver, "read")
    for word in ("one", "two"):
        driver.ask(f"write {pair} {word}")
        thread = number(must_start(driver, pair)[2])
        driver.ask(f"release {pair}")
        must_be_done(driver, pair, word)
        driver.stage.settle()
        if thread in driver.program.thread_ids_inside():
            raise Shortfall("The handler has returned, and its thread has not ended.",
                            expected="a thread of its own, which ends", actual="it is still there")
    before = driver.program.threads()  # the library may have threads of its own
    for turn in range(MANY):
        driver.ask(f"write {busy} word{turn}")
        must_handle(driver, busy, f"word{turn}")
    driver.stage.settle()
    if (now := driver.program.threads()) - before >= MANY // 2:
        raise Shortfall(f"{MANY} handlers have returned, and there are more threads than before.",
                        expected=f"{before} threads", actual=f"{now}")


def check_one_handler_at_a_time_for_a_descriptor(theatre: Theatre) -> None:
    """While a descriptor's handler runs, no second one is started for it,
    although it is still readable."""
    driver = running(theatre)
    pair = added(driver, "hold")
    driver.ask(f"write {pair} first")
    must_start(driver, pair)
    driver.ask(f"write {pair} second")
    must_not_start(driver, pair, "while its handler still runs")
    driver.ask(f"release {pair}")
    must_be_done(driver, pair, "firstsecond")
    must_not_start(driver, pair, "although everything was read")
    driver.ask(f"write {pair} third")
    must_start(driver, pair)
    driver.ask(f"release {pair}")
    must_be_done(driver, pair, "third")


def check_descriptors_side_by_side(theatre: Theatre) -> None:
    """Handlers of different descriptors run side by side: one that takes long holds nobody up."""
    driver = running(theatre)
    slow = [added(driver, "hold") for _ in range(3)]
    quick = added(driver, "read")
    for pair in slow:
        driver.ask(f"write {pair} slow")
        must_start(driver, pair)
    driver.ask(f"write {quick} quick")
    must_handle(driver, quick, "quick")
    for pair in slow:
        driver.ask(f"release {pair}")
        must_be_done(driver, pair, "slow")


def check_handlers_may_change_the_set(theatre: Theatre) -> None:
    """A handler may remove its own descriptor, add it again, and add others."""
    driver = running(theatre)
    leaver, swapper, adder = added(driver, "leave"), added(driver, "swap"), added(driver, "next")
    other = number(driver.ask("pair")[1])
    driver.ask(f"write {leaver} x")
    must_handle(driver, leaver, "-")
    must_not_start(driver, leaver, "after its handler has removed it")
    for word in ("one", "two"):
        driver.ask(f"write {swapper} {word}")
        must_handle(driver, swapper, word)
    driver.ask(f"write {adder} x")
    must_handle(driver, adder, "x")
    driver.ask(f"write {other} added")
    must_handle(driver, other, "added")


def check_errors_are_minus_one(theatre: Theatre) -> None:
    """Adding a descriptor twice, removing an unknown one, a negative descriptor: -1 with errno,
    and no crash."""
    driver = running(theatre)
    pair = added(driver, "read")
    for command, what in ((f"add {pair} read", "adding a descriptor twice"),
                          ("addfd -1", "adding a negative descriptor"),
                          ("removefd -1", "removing a negative descriptor"),
                          ("removefd 200", "removing a descriptor that was never added")):
        answer = driver.ask(command)
        if answer[2] != "-1" or answer[3] == "0":
            raise Shortfall(f"{what.capitalize()} is an error.", expected="-1, errno set",
                            actual=f"returned {answer[2]}, errno {answer[3]}")
    driver.ask(f"write {pair} still")
    must_handle(driver, pair, "still")


# -- steps ---------------------------------------------------------------------------------------

def made(theatre: Theatre) -> Driver:
    """A driver that has called createProactor()."""
    driver = theatre.driver("handler")
    if driver.ask("new")[1] != "VALUE":
        raise Shortfall("createProactor() returned NULL.", expected="a proactor", actual="NULL")
    return driver


def running(theatre: Theatre) -> Driver:
    """The same, with runProactor() running on a thread of its own."""
    driver = made(theatre)
    driver.ask("run", "running")
    return driver


def added(driver: Driver, kind: str) -> int:
    """A new descriptor with a handler of this kind."""
    pair = number(driver.ask("pair")[1])
    succeed(driver.ask(f"add {pair} {kind}"), "addFD2Proactor()")
    return pair


def succeed(answer: list[str], what: str) -> None:
    """Raises Shortfall unless the call returned 0."""
    result = answer[2] if len(answer) > 2 else answer[1]
    if result != "0":
        raise Shortfall(f"{what} did not succeed.", expected="0", actual=f"{' '.join(answer[1:])}")


def must_start(driver: Driver, pair: int, which: str = FIRST) -> list[str]:
    """Waits until the handler of this descriptor has started: this one, and not another."""
    words = driver.hear(f"start {pair}")
    if words is None:
        raise Shortfall("A descriptor has something to read, and its handler does not run.",
                        expected="the handler runs", actual="every thread waits",
                        verdict=Verdict.FAIL)
    if len(words) != 4:
        raise garbled(" ".join(words))
    if words[3] != which:
        raise Shortfall("A handler runs that is not the one its descriptor was added with.",
                        expected=f"the {which} handler", actual=f"the {words[3]} handler")
    return words


def must_be_done(driver: Driver, pair: int, text: str) -> None:
    """Waits until the handler has returned, and looks at what it read."""
    words = driver.hear(f"done {pair}")
    if words is None or words[2:] != [text]:
        raise Shortfall("The handler did not see what was written to its descriptor.",
                        expected=text,
                        actual=" ".join(words[2:]) if words else "it never finished")


def must_handle(driver: Driver, pair: int, text: str, which: str = FIRST) -> None:
    """The handler starts and reads this."""
    must_start(driver, pair, which)
    must_be_done(driver, pair, text)


def has_started(driver: Driver, pair: int) -> bool:
    """True once a handler of this descriptor has started that nobody has waited for."""
    return any(line[:2] == ["start", str(pair)] for line in driver.lines())


def must_not_start(driver: Driver, pair: int, when: str) -> None:
    """Raises Shortfall if the handler is started once more."""
    driver.stage.settle()
    if has_started(driver, pair):
        raise Shortfall(f"A handler was started {when}.", expected="no handler",
                        actual="one was started")
