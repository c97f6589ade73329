"""libproactor with callbacks of a program's own in the place of the chat room."""

from grading.driver import Driver, garbled, number
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.theatre import Theatre

HEARD = "callbacks"  # the driver whose callbacks report what they are told


def check_callbacks_of_ones_own(theatre: Theatre) -> None:
    """A program can give the proactor callbacks, and send to one client or to all,
    from any thread."""
    driver = theatre.driver(HEARD)
    driver.stage.port = driver.create(theatre.some_port()).port
    must_be_zero(driver, "callbacks 0", "given")
    driver.ask("run 0")
    (ann, a), (bob, b) = (join_and_be_told(driver) for _ in range(2))
    must_be_told_a_line(driver, ann, a)
    must_reach(driver, f"send {a}", "sent", [ann], [bob])
    must_reach(driver, f"broadcast {a}", "told", [bob], [ann])
    must_reach(driver, "broadcast 0", "told", [ann, bob], [])
    driver.ask("answer 1", "answering")
    driver.stage.say(bob)
    bob.leave()
    must_be_told(driver, "went", b, "a client has left")


# -- steps ---------------------------------------------------------------------------------------

def join_and_be_told(driver: Driver) -> tuple[LineClient, str]:
    """A new client, and the number by which the callback knows it."""
    client = driver.stage.join(greet=False)[0]
    return client, must_be_told(driver, "came", None, "a client has joined")[1]


def must_be_told_a_line(driver: Driver, speaker: LineClient, number_of_speaker: str) -> None:
    """A line reaches the callback, byte for byte, and nobody else:
    the program decides what is relayed."""
    token = driver.stage.token()
    line = f"{token} with a ".encode() + b"\0 in it"
    speaker.say(line)
    words = must_be_told(driver, "said", number_of_speaker, "a client has said a line")
    driver.stage.settle()
    if words[3:] != [str(len(line) + 1), (line + b"\n").hex()]:
        raise Shortfall("The callback was not given the line that was said.",
                        expected=f"{len(line) + 1} bytes, the line with its \\n",
                        actual=" ".join(words[3:])[:100])
    for client in driver.stage.here():
        if client.count(token):
            raise Shortfall("A line was relayed although the program "
                            "has a callback for lines of its own.",
                            expected="the program decides who hears it",
                            actual=f"{client.name} heard it")


def must_be_told(driver: Driver, what: str, client: str | None, when: str) -> list[str]:
    """The words of a callback's report; raises Shortfall if there is none,
    or it is of another client."""
    words = driver.hear(what)
    if words is None:
        raise Shortfall(f"The callback was not called when {when}.", expected="one call",
                        actual="every thread waits, and there was none")
    if len(words) < 3:
        raise garbled(" ".join(words))
    if words[2] != "1":
        raise Shortfall(f"When {when}, the callback was given another proactor or context "
                        "than its own.",
                        expected="those that proactor_set_callbacks() was given", actual="others")
    if client not in (None, words[1]):
        raise Shortfall(f"When {when}, the callback was told another client's number.",
                        expected=str(client), actual=words[1])
    return words


def must_reach(driver: Driver, command: str, answer: str, those: list[LineClient],
               not_those: list[LineClient]) -> None:
    """The program sends a line: these clients hear it once, and the others do not."""
    token = driver.stage.token()
    must_be_zero(driver, f"{command} {token}", answer)
    driver.stage.until(lambda: all(client.count(token) for client in those))
    driver.stage.settle()
    for client in (*those, *not_those):
        if client.count(token) != (client in those):
            names = ", ".join(one.name for one in those)
            raise Shortfall(f"`{command}` did not reach whom it should.",
                            expected=f"{names} once, and nobody else",
                            actual=f"{client.name}: {client.count(token)} times")


def must_be_zero(driver: Driver, command: str, answer: str) -> None:
    """Raises Shortfall unless the call behind this command returns 0."""
    status = driver.ask(command, answer)[1:]
    if len(status) != 1 or number(status[0]) != 0:
        raise Shortfall(f"The call behind `{command.split()[0]}` did not return 0.", expected="0",
                        actual=" ".join(status))
