"""libproactor: how a proactor ends, and that nothing of it is left over."""

import time

from grading.driver import Driver, number
from grading.observe.freeze import Unstoppable, frozen
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.verdict import Verdict

from part_b_library import must_have_closed, must_serve

LIVES, BATCH = 1000, 20
DEAF, MUCH_SAID = 4, 6 << 20  # clients that do not read, and bytes that are said to them
SMALL_WINDOW = 64 << 10  # bytes: the kernel shall keep little for them
CACHES = 8192  # bytes that the allocator itself may keep for the next life
MUCH = (8 << 20, 48 << 20)  # bytes in use, and asked for: more than stacks and caches can explain
LONG_ENOUGH_S = 8.0  # a library that is slow to end is asked for fewer lives
LEAK_PER_LIFE = 8  # bytes: less than any block a program can lose at each life


def check_thread_returns_null(theatre: Theatre) -> None:
    """proactor_thread() runs until the proactor is destroyed, and returns NULL."""
    driver = served(theatre)
    driver.ask("destroy 0")
    words = driver.ask("join 0")
    if words[2] != "NULL":
        raise Shortfall("proactor_thread() did not return NULL.", expected="NULL",
                        actual="something else")


def check_destroy_stops_everything(theatre: Theatre) -> None:
    """proactor_destroy() returns within 2 s;
    then no thread and no descriptor of the proactor is left."""
    driver = theatre.driver("proactor_cpp")
    before, threads = driver.program.descriptors(), driver.program.threads()
    must_serve(driver, driver.create(theatre.some_port()).port)
    must_destroy(driver)
    driver.ask("join 0")
    must_have_closed(driver, before, "After proactor_destroy() has returned")
    if driver.program.threads() > threads:
        raise Shortfall("After proactor_destroy() threads of the library still live.",
                        expected=f"{threads}",
                        actual=f"{driver.program.threads()} threads")
    open_clients = [client.name for client in driver.stage.clients if not client.ended]
    if open_clients:
        raise Shortfall(f"{', '.join(open_clients)} is still connected after proactor_destroy().",
                        expected="every connection ends", actual="a connection is still open")
    theatre.clear()
    must_not_wait_for_the_deaf(theatre.driver("proactor_cpp"))


def must_not_wait_for_the_deaf(driver: Driver) -> None:
    """Raises Shortfall unless it is destroyed within 2 s also while much waits for several clients
    that do not read. Says nothing of a room that such clients hold up: C6 is starred."""
    stage = driver.stage
    must_serve(driver, driver.create(0).port)
    speaker, listener = stage.clients
    for _ in range(DEAF):
        stage.connect(receive_buffer=SMALL_WINDOW).reading = False
    stage.settle()
    last = stage.token()
    speaker.send((b"x" * 4095 + b"\n") * (MUCH_SAID >> 12) + f"{last} at last\n".encode())
    if stage.until(lambda: listener.count(last) > 0):
        must_destroy(driver)


def check_destroy_waits_for_the_loop(theatre: Theatre) -> None:
    """proactor_destroy() returns only when proactor_thread() can no longer touch the proactor."""
    driver = served(theatre)
    stage = driver.stage
    others = driver.program.thread_ids() - {driver.program.pid}
    try:
        with frozen(others):  # wherever they are: none of them can be done with the proactor
            stage.transcript.add("note", "server",
                                 "the grader has stopped all threads but the first")
            driver.tell("destroy 0")
            if driver.hear("destroyed", 3.0):
                raise Shortfall(
                    "proactor_destroy() returned while the grader had stopped the loop's thread in "
                    "the middle of proactor_thread().",
                    expected="it waits until proactor_thread() is done with the proactor",
                    actual="it returned; the loop then works on memory that is freed")
    except Unstoppable as thread:
        raise Shortfall(f"A thread of the library cannot be stopped by a signal: {thread}.",
                        expected="threads that wait in calls a signal can interrupt",
                        actual="it sleeps in the kernel") from thread
    if not driver.hear("destroyed", 5.0):
        raise Shortfall("proactor_destroy() does not return.", expected="it returns within 2 s",
                        actual="it still waits", verdict=Verdict.TIMEOUT)
    stage.may_end = False


def check_destroy_when_never_started(theatre: Theatre) -> None:
    """proactor_destroy() also ends a proactor that was never run, and accepts NULL."""
    driver = theatre.driver("proactor_cpp")
    before = driver.program.descriptors()
    driver.create(theatre.some_port())
    must_destroy(driver)
    driver.ask("destroy -1")
    must_have_closed(driver, before, "After a proactor that never ran was destroyed")


def check_a_thousand_lives(theatre: Theatre) -> None:
    """Create, run, serve, destroy, 1,000 times: no thread, descriptor or byte is left over."""
    driver = theatre.driver("proactor_cpp")
    start, lived = time.monotonic(), BATCH
    first_bytes = live(driver, BATCH)
    memory = driver.program.memory_bytes()
    descriptors, threads = driver.program.descriptors(), driver.program.threads()
    while lived < LIVES and (lived == BATCH or time.monotonic() - start < LONG_ENOUGH_S):
        last_bytes = live(driver, BATCH)
        lived += BATCH
    must_have_closed(driver, descriptors, f"After {lived} lives")
    if driver.program.threads() > threads:
        raise Shortfall(f"After {lived} lives threads are left over.",
                        expected=f"{threads} threads",
                        actual=f"{driver.program.threads()} threads")
    lost = last_bytes - first_bytes
    # What the library says of itself may be wrong: from outside, only large losses can be told.
    for then, now, much in zip(memory, driver.program.memory_bytes(), MUCH):
        lost = max(lost, now - then if now - then > much else 0)
    if lost >= max(LEAK_PER_LIFE * (lived - BATCH), CACHES):
        raise Shortfall("Each life leaves memory behind.", expected="no byte",
                        actual=f"about {lost / (lived - BATCH):.0f} bytes a life")


# -- steps ---------------------------------------------------------------------------------------

def served(theatre: Theatre) -> Driver:
    """A driver whose proactor 0 runs and has two clients."""
    driver = theatre.driver("proactor_cpp")
    must_serve(driver, driver.create(theatre.some_port()).port)
    return driver


def must_destroy(driver: Driver) -> None:
    """Raises Shortfall unless proactor_destroy() returns within 2 s."""
    driver.ask("destroy 0", seconds=2.0)


def live(driver: Driver, lives: int) -> int:
    """So many lives; the bytes of heap in use after the last one."""
    _, count, heap, step = driver.ask(f"lives {lives}", seconds=60.0)
    if number(count) < lives:
        raise Shortfall(f"Life number {number(count) + 1} failed at the step: {step}.",
                        expected="each life serves a line", actual=f"{count} of {lives} lives")
    return number(heap, 2**40)
