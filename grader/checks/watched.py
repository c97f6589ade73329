"""An ordinary session under the eyes of AddressSanitizer and of ThreadSanitizer."""

import signal
from collections.abc import Callable, Sequence

from grading.driver import Driver, number
from grading.program import Program
from grading.sanitizers.theatre import WatchedTheatre
from grading.sanitizers.tool import ADDRESS, THREAD, Sanitizer
from grading.shortfall import Blocked, Shortfall
from grading.theatre import Theatre

from ordinary_session import ROUNDS, chat, crowd, with_blame
from part_a_client import connected

# The schedules of sanitize/schedule.c that are played: fixed, so that no verdict is a lottery.
SEEDS = (0, 5)  # 0: the threads run as they come
RESTS_S = 2.0  # how long a program may go on that rests after SIGINT
END_S = 30.0  # a fence: the 2 s of SPEC.md hold for plain builds


def check_no_memory_error_or_leak(theatre: Theatre) -> None:
    """Built with AddressSanitizer and LeakSanitizer, it plays an ordinary session
    without a report."""
    judge(theatre, ADDRESS)


def check_no_data_race(theatre: Theatre) -> None:
    """Built with ThreadSanitizer, it plays an ordinary session without a report of a data race."""
    judge(theatre, THREAD, SEEDS if theatre.seed is None else (theatre.seed,))


def judge(theatre: Theatre, tool: Sanitizer, seeds: Sequence[int] = (0,)) -> None:
    """A report decides, whatever became of the session; what stopped it is judged elsewhere."""
    watched = WatchedTheatre(theatre, tool)
    scene = (handler_session if "handler" in theatre.target.drivers else
             library_session if theatre.target.drivers else server_session)
    for seed in seeds:
        watched.schedule(seed)
        play(watched, scene)
    if theatre.target.client and 0 in seeds:
        watched.schedule(0)
        play(watched, client_session)


def play(watched: WatchedTheatre, scene: Callable[[WatchedTheatre], None]) -> None:
    """One scene to its end, and then what the tool has seen."""
    broken: Blocked | Shortfall | None = None
    try:
        scene(watched)
    except (Blocked, Shortfall) as reason:
        broken = reason
    watched.must_be_clean()
    if broken and not watched.seed:  # threads that wait may be late for a session
        raise broken
    watched.must_have_looked_for_leaks()


# -- a chat server -------------------------------------------------------------------------------

def server_session(watched: WatchedTheatre) -> None:
    """The chat, and SIGINT while two clients are connected."""
    stage = watched.stage()
    program = stage.program
    (crowd if watched.seed else chat)(stage)
    stage.may_end = True
    program.signal(signal.SIGINT)
    if watched.sanitizer is THREAD:
        # This tool hands a signal over at the thread's next call: a right program may wait for ever
        # in a call that is restarted. What it has seen, it has written by now.
        stage.settle()
        program.wait(RESTS_S)
    else:
        must_end(program, "sigint_ends_it", "SIGINT")


def library_session(watched: WatchedTheatre) -> None:
    """The same chat on a proactor, which is destroyed while two clients are connected."""
    driver = watched.driver(watched.target.drivers[0])
    driver.stage.port = driver.create(watched.some_port()).port
    driver.ask("run 0")
    driver.stage.settle()
    (crowd if watched.seed else chat)(driver.stage)
    with_blame("destroy_stops_everything", lambda: driver.ask("destroy 0", seconds=END_S))
    with_blame("thread_returns_null", lambda: driver.ask("join 0", seconds=END_S))
    end_driver(driver)


# -- the handler API -----------------------------------------------------------------------------

def handler_session(watched: WatchedTheatre) -> None:
    """Handlers of every kind, side by side; one is removed while it runs; then the end."""
    driver = watched.driver("handler")
    with_blame("handler_runs_when_there_is_something_to_read", lambda: handlers_at_work(driver))
    with_blame("cancel_ends_the_run", lambda: driver.ask("cancel", "cancelled", END_S))
    with_blame("cancel_ends_the_run", lambda: must_hear(driver, "ran"))
    with_blame("the_program_owns_its_descriptors",
               lambda: driver.ask("destroy", "destroyed", END_S))
    end_driver(driver)


def handlers_at_work(driver: Driver) -> None:
    """Three rounds on eight descriptors."""
    driver.ask("new")
    driver.ask("run", "running")
    pairs = []
    for kind in ("read", "swap", "read", "leave", "read", "hold", "hold", "swap"):
        pairs.append((number(driver.ask("pair")[1]), kind))
        driver.ask(f"add {pairs[-1][0]} {kind}")
    for turn in range(ROUNDS):
        for pair, kind in pairs:
            if kind != "leave" or turn == 0:
                driver.ask(f"write {pair} word")
                must_hear(driver, f"start {pair}")
        for pair, kind in pairs:
            if kind == "hold":
                driver.ask(f"release {pair}")
            if kind != "leave" or turn == 0:
                must_hear(driver, f"done {pair}")
    for pair, kind in pairs:
        if kind != "leave":
            driver.ask(f"remove {pair}")


def must_hear(driver: Driver, beginning: str) -> None:
    """Raises Shortfall if this never comes."""
    if driver.hear(beginning) is None:
        raise Shortfall(f"`{beginning}` never came.")


# -- Part A's client -----------------------------------------------------------------------------

def client_session(watched: WatchedTheatre) -> None:
    """Lines in both directions and the end of input; then a server that goes away first."""
    for leaves_first in (False, True):
        server = watched.fake_server()
        program = watched.start_client("127.0.0.1", str(server.port))
        stage, connection = connected(watched, program, server)
        stage.may_end = True
        for turn in range(ROUNDS):
            connection.say(f"line {turn} of the server")
            program.tell(f"line {turn} of the keyboard")
        last = f"line {ROUNDS - 1} of the".encode()
        stage.until(lambda: last in program.output() and last in connection.heard)
        if not leaves_first:
            program.close_input()
            stage.until(lambda: bool(connection.ended))
        connection.leave()
        must_end(program, "client_end_of_input", "the end")


# -- steps ---------------------------------------------------------------------------------------

def end_driver(driver: Driver) -> None:
    """The driver returns from its main()."""
    driver.stage.may_end = True
    driver.program.close_input()
    must_end(driver.program, "builds", "the end of its input")


def must_end(program: Program, check: str, what: str) -> None:
    """Raises Blocked unless the program ends by itself."""
    if not program.wait(END_S) or program.exit_status is None:
        raise Blocked(check, f"{program.how_it_ended}, after {what}", program.last_words(),
                      actual=program.how_it_ended)
