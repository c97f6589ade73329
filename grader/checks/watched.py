"""An ordinary session under the eyes of AddressSanitizer and of ThreadSanitizer."""

import signal
from collections.abc import Callable

from grading.chat_stage import ChatStage
from grading.driver import Driver, number
from grading.line_client import LineClient
from grading.program import Program
from grading.sanitizers.theatre import WatchedTheatre
from grading.sanitizers.tool import ADDRESS, THREAD, Sanitizer
from grading.shortfall import Blocked, Shortfall
from grading.theatre import Theatre

END_S = 30.0  # a fence: the 2 s of SPEC.md hold for plain builds
LONG_LINE = 900  # bytes: SPEC.md C1
ROUNDS = 3  # of coming and going at once: what is a matter of luck gets three chances


def check_no_memory_error_or_leak(theatre: Theatre) -> None:
    """Built with AddressSanitizer and LeakSanitizer, it plays an ordinary session without a report."""
    judge(theatre, ADDRESS)


def check_no_data_race(theatre: Theatre) -> None:
    """Built with ThreadSanitizer, it plays an ordinary session without a report of a data race."""
    judge(theatre, THREAD)


def judge(theatre: Theatre, tool: Sanitizer) -> None:
    """A report decides, whatever became of the session; what stopped it is judged elsewhere."""
    watched = WatchedTheatre(theatre, tool)
    scenes = [handler_session if "handler" in theatre.target.drivers else
              library_session if theatre.target.drivers else server_session]
    if theatre.target.client:
        scenes.append(client_session)
    for scene in scenes:
        play(watched, scene)


def play(watched: WatchedTheatre, scene: Callable[[WatchedTheatre], None]) -> None:
    """One scene to its end, and then what the tool has seen."""
    broken: Blocked | Shortfall | None = None
    try:
        scene(watched)
    except (Blocked, Shortfall) as reason:
        broken = reason
    watched.must_be_clean()
    if broken:
        raise broken
    watched.must_have_looked_for_leaks()


# -- a chat server -------------------------------------------------------------------------------

def server_session(watched: WatchedTheatre) -> None:
    """The chat, and SIGINT while two clients are connected."""
    stage = watched.stage()
    program = stage.program
    assert isinstance(program, Program)
    chat(stage)
    stage.may_end = True
    program.signal(signal.SIGINT)
    must_end(program, "sigint_ends_it", "SIGINT")


def library_session(watched: WatchedTheatre) -> None:
    """The same chat on a proactor, which is destroyed while two clients are connected."""
    driver = watched.driver(watched.target.drivers[0])
    driver.stage.port = driver.create(watched.some_port()).port
    driver.ask("run 0")
    driver.stage.settle()
    chat(driver.stage)
    with_blame("destroy_stops_everything", lambda: driver.ask("destroy 0", seconds=END_S))
    with_blame("thread_returns_null", lambda: driver.ask("join 0", seconds=END_S))
    end_driver(driver)


def chat(stage: ChatStage) -> None:
    """Joins, lines, every way of leaving, and all at once. What is heard is judged elsewhere."""
    steps: tuple[tuple[str, Callable[[ChatStage], None]], ...] = (
        ("fan_out_reaches_everyone_else", some_talk),
        ("lines_do_not_depend_on_packets", lines_in_pieces),
        ("one_leaves_and_three_more_rounds", one_leaves),
        ("a_reset_disturbs_nobody", one_resets),
        ("a_half_close_ends_the_visit", one_half_closes),
        ("eight_leave_at_once", all_at_once))
    for check, step in steps:
        with_blame(check, lambda: step(stage))


def some_talk(stage: ChatStage) -> None:
    """Three clients, who all speak at once."""
    talk(stage, stage.join(3))


def lines_in_pieces(stage: ChatStage) -> None:
    """A line in two packets, three lines in one, a long one."""
    ann, bob, *_ = present(stage, 2)
    ann.send(b"the first half")
    stage.settle()
    ann.send(b" and the second\nanother\nand another\n")
    bob.say("x" * LONG_LINE)
    stage.settle()


def one_leaves(stage: ChatStage) -> None:
    """One closes while nothing happens, another while everybody speaks."""
    present(stage, 1)[0].leave()
    stage.settle()
    newcomer, *_ = stage.join(1)
    newcomer.leave()
    talk(stage, stage.here())


def one_resets(stage: ChatStage) -> None:
    """The same with resets, in the middle of a line.

    Who resets while somebody sends to him is often seen by that send() alone.
    """
    for _ in range(ROUNDS):
        newcomer, *_ = stage.join(1)
        newcomer.send(b"half a line and then")
        stage.settle()
        newcomer.reset()
        stage.settle()
    newcomer, *_ = stage.join(1)
    newcomer.send(b"half a line and then")
    newcomer.reset()
    talk(stage, stage.here())


def one_half_closes(stage: ChatStage) -> None:
    """One shuts down his sending side behind an unfinished line, and waits for the server's end."""
    newcomer, *_ = stage.join(1)
    newcomer.send(b"a line\nand half of one")
    newcomer.half_close()
    talk(stage, [client for client in stage.here() if client is not newcomer])
    newcomer.leave()
    stage.settle()


def all_at_once(stage: ChatStage) -> None:
    """Eight join, all speak, and eight leave, again and again; two stay."""
    for _ in range(ROUNDS):
        stayers = stage.here()
        newcomers = stage.join(8)
        for client in (*stayers, *newcomers):
            client.say(f"{client.name} says: all of you leave now")
        for place, leaver in enumerate(newcomers):
            (leaver.reset if place % 2 else leaver.leave)()
        talk(stage, stayers)


def present(stage: ChatStage, number: int) -> list[LineClient]:
    """The clients that are connected; raises Shortfall if there are fewer than that."""
    clients = stage.here()
    if len(clients) < number:
        raise Shortfall("The server has ended connections of clients that had not left.",
                        expected=f"{number} clients are connected", actual=f"{len(clients)}")
    return clients


def talk(stage: ChatStage, speakers: list[LineClient]) -> None:
    """Everybody says two lines, and nobody waits for the others."""
    for _ in range(2):
        for speaker in speakers:
            speaker.say(f"{stage.token()} from {speaker.name}")
    stage.settle()


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
        stage = watched.stage_for(program)
        connections: list[LineClient] = []
        stage.until(lambda: bool(taken := server.take()) and not connections.append(taken))
        if not connections:
            raise Blocked("client_sends_what_is_typed", "The client does not connect.")
        stage.clients.append(connections[0])
        for turn in range(ROUNDS):
            connections[0].say(f"line {turn} of the server")
            program.tell(f"line {turn} of the keyboard")
        last = f"line {ROUNDS - 1} of the".encode()
        stage.until(lambda: last in program.output() and last in connections[0].heard)
        if not leaves_first:
            program.close_input()
            stage.until(lambda: bool(connections[0].ended))
        connections[0].leave()
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
        raise Blocked(check, f"After {what} the program is {program.how_it_ended}.",
                      program.last_words())


def with_blame(check: str, step: Callable[[], object]) -> None:
    """Plays a step; where the program falls short in it, the check that judges this is named."""
    try:
        step()
    except Shortfall as reason:
        raise Blocked(check, f"It did not get through an ordinary session: {reason.rationale}",
                      reason.detail) from reason
