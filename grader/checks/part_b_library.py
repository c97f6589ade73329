"""libproactor: what create, thread and destroy promise, seen from outside of the process."""

import errno
import os
import socket
import time

from grading.driver import Driver, number
from grading.line_client import LineClient
from grading.observe.freeze import Unstoppable, frozen
from grading.observe.sockets import listeners
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.verdict import Verdict

LIVES, BATCH = 1000, 20
BATCHES, OF_ROOM = 80, (b"#", b"@")  # of lines; and what those of each room are made of
DEAF, MUCH_SAID = 4, 6 << 20  # clients that do not read, and bytes that are said to them
SMALL_WINDOW = 64 << 10  # bytes: the kernel shall keep little for them
CACHES = 8192  # bytes that the allocator itself may keep for the next life
MUCH = (8 << 20, 48 << 20)  # bytes in use, and asked for: more than stacks and caches can explain
LONG_ENOUGH_S = 8.0  # a library that is slow to end is asked for fewer lives
LEAK_PER_LIFE = 8  # bytes: less than any block a program can lose at each life


def check_works_from_c(theatre: Theatre) -> None:
    """A C program can include proactor.h, link libproactor.a with g++,
    and serve clients with it."""
    driver = theatre.driver("proactor_c")
    must_serve(driver, driver.create(theatre.some_port()).port)


def check_create_listens_and_starts_no_thread(theatre: Theatre) -> None:
    """proactor_create() binds and listens, on a port of the kernel's choice for 0,
    and starts no thread."""
    driver = theatre.driver("proactor_cpp")
    threads = driver.program.threads()
    port = theatre.some_port()
    for asked in (port, 0):
        created = driver.create(asked)
        driver.stage.settle()
        if created.port not in listeners() or (asked and created.port != asked):
            raise Shortfall(f"After proactor_create({asked}) the port that proactor_port() "
                            "tells is not the one that is listened on.",
                            expected=f"a listening socket on {asked or 'it'}",
                            actual=f"proactor_port(): {created.port}, "
                                   f"listening: {sorted(listeners())}")
    if driver.program.threads() != threads:
        raise Shortfall("proactor_create() has started a thread.", expected="none",
                        actual=f"{driver.program.threads() - threads} threads more than before")


def check_create_says_why_not(theatre: Theatre) -> None:
    """proactor_create() returns NULL with errno set when it cannot listen,
    and leaves nothing behind."""
    driver = theatre.driver("proactor_cpp")
    before = driver.program.descriptors()
    port = theatre.some_port()
    with socket.create_server(("", port)):
        forbidden = ((80, errno.EACCES),) if theatre.forbids(80) else ()
        for asked, expected in ((port, errno.EADDRINUSE), (-1, errno.EINVAL),
                                (65536, errno.EINVAL), *forbidden):
            _, index, _, why = driver.ask(f"create {asked}")
            if index != "-1" or number(why) == 0:
                raise Shortfall(f"proactor_create({asked}) cannot succeed here.",
                                expected=f"NULL, errno set ({os.strerror(expected)})",
                                actual="a proactor" if index != "-1" else "NULL, errno 0")
    must_have_closed(driver, before, "After proactor_create() has failed")
    theatre.must_forbid(80)


def check_two_proactors_in_one_process(theatre: Theatre) -> None:
    """Two proactors live in one process and do not hear each other."""
    driver = theatre.driver("proactor_cpp")
    ports = [driver.create(theatre.some_port()).port for _ in range(2)]
    rooms = []
    for index, port in enumerate(ports):
        driver.ask(f"run {index}")
        driver.stage.port = port
        rooms.append(driver.stage.join(2))
    for index, room in enumerate(rooms):
        token = driver.stage.say(room[0], room)
        if any(stranger.count(token) for stranger in rooms[1 - index]):
            raise Shortfall("A line said at one proactor was heard at the other.",
                            expected="two rooms", actual="one room for both")
    must_keep_apart(driver, rooms)
    driver.ask("destroy 0")
    driver.stage.say(rooms[1][0], rooms[1])


def must_keep_apart(driver: Driver, rooms: list[list[LineClient]]) -> None:
    """Raises Shortfall if bytes of one room are heard in the other while both talk at once."""
    last = ["", ""]
    for _ in range(BATCHES):
        for index, (speaker, _) in enumerate(rooms):
            last[index] = driver.stage.token()
            speaker.send(b"".join(OF_ROOM[index] * 600 + b"\n" for _ in range(20))
                         + f"{last[index]} the last of these\n".encode())
        driver.stage.pump()
    driver.stage.until(lambda: all(listener.count(token)
                                   for (_, listener), token in zip(rooms, last)))
    driver.stage.settle()
    for index, (_, listener) in enumerate(rooms):
        if strange := listener.count(OF_ROOM[1 - index] * 3):
            raise Shortfall("While both proactors are busy, bytes of one are heard at the other.",
                            expected="two rooms", actual=f"{strange} times at {listener.name}")


def check_serves_who_came_early(theatre: Theatre) -> None:
    """Who connects between create and run is served."""
    driver = theatre.driver("proactor_cpp")
    stage = driver.stage
    stage.port = driver.create(theatre.some_port()).port
    early = [stage.connect() for _ in range(3)]
    driver.ask("run 0")
    if not stage.until(lambda: all(stage.accepted(client) for client in early)):
        raise Shortfall("Clients that came before proactor_thread() ran are not accepted.",
                        expected="they are served as soon as it runs",
                        actual="they wait in the listen queue")
    stage.settle()
    for speaker in early:
        stage.say(speaker)


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


def must_serve(driver: Driver, port: int) -> None:
    """Proactor 0 is run, two clients are accepted and talk;
    whether they hear each other is judged elsewhere."""
    driver.ask("run 0")
    driver.stage.port = port
    driver.stage.join(2)


def must_destroy(driver: Driver) -> None:
    """Raises Shortfall unless proactor_destroy() returns within 2 s."""
    driver.ask("destroy 0", seconds=2.0)


def must_have_closed(driver: Driver, before: dict[tuple[int, int], str], when: str) -> None:
    """Raises Shortfall for descriptors that were not there before, once all has settled; and for
    those that were, and are gone: they are the program's.

    Whether they were closed in time is not asked here: that destroy waits is a check of its own.
    """
    driver.stage.settle()
    now = driver.program.descriptors()
    kept = {key: what for key, what in now.items() if key not in before}
    if kept:
        raise Shortfall(f"{when}, descriptors of the library are still open.", expected="none",
                        actual=", ".join(f"{number} is {what}" for (_, number), what
                                         in sorted(kept.items())[:6]))
    if gone := sorted(number for _, number in before.keys() - now.keys()):
        raise Shortfall(f"{when}, a descriptor that is not the library's own is closed.",
                        expected=f"{gone[0]} stays open", actual=f"{gone[0]} is closed")


def live(driver: Driver, lives: int) -> int:
    """So many lives; the bytes of heap in use after the last one."""
    _, count, heap, step = driver.ask(f"lives {lives}", seconds=60.0)
    if number(count) < lives:
        raise Shortfall(f"Life number {number(count) + 1} failed at the step: {step}.",
                        expected="each life serves a line", actual=f"{count} of {lives} lives")
    return number(heap, 2**40)
