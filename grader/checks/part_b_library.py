"""libproactor: what create, thread and destroy promise, seen from outside of the process."""

import errno
import os
import socket

from grading.driver import Driver, number
from grading.line_client import LineClient
from grading.observe.sockets import listeners
from grading.shortfall import Shortfall
from grading.theatre import Theatre

BATCHES, OF_ROOM = 80, (b"#", b"@")  # of lines; and what those of each room are made of


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


# -- steps ---------------------------------------------------------------------------------------

def must_serve(driver: Driver, port: int) -> None:
    """Proactor 0 is run, two clients are accepted and talk;
    whether they hear each other is judged elsewhere."""
    driver.ask("run 0")
    driver.stage.port = port
    driver.stage.join(2)


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
