"""What the pictures show, played with this tree's own programs: two chats and two score cards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from picture import take
from terminal import PROMPT, Terminal

IMAGES = Path(__file__).resolve().parent
ROOT = IMAGES.parent
SAMPLE = ROOT / "grader" / "samples" / "echo_server"
CHECK = "nothing_comes_back_to_the_sender"
READY = "Listening on port: [9034]"
TALK = ("hello, Ann is here", "hi Ann, I am Bob", "and I am Cid :-)")


def threaded_chat() -> None:
    """Part A's server and three of its clients, as they talk."""
    with ExitStack() as open_now:
        server, *clients = _terminals(open_now, "server (Part A)", 44)
        server.run("./server", READY)
        for number, client in enumerate(clients, 1):
            client.type("part_a/client\n")
            server.wait_for(f"client {number} has joined")
        _talk(clients)
        _, bob, cid = clients
        cid.type("a line I am still typ")
        cid.wait_for("still typ")
        bob.type("go on typing, Cid!\n")
        for client in clients:
            client.wait_for("go on typing, Cid!")
        cid.wait_for("still typ")
        for number, client in enumerate(clients, 1):
            take(client, IMAGES / f"client{number}_one.png")
        take(server, IMAGES / "server_one.png")


def proactor_chat() -> None:
    """Part C's server with Part A's client, nc and telnet: before, with and after them."""
    commands = ("part_a/client localhost 9034", "nc localhost 9034", "telnet localhost 9034")
    with ExitStack() as open_now:
        server, *clients = _terminals(open_now, "server (Part C)", 48)
        server.run("part_c/main 9034", READY)
        take(server, IMAGES / "proactor.png")
        for number, (client, command) in enumerate(zip(clients, commands), 1):
            client.type(f"{command}\n")
            server.wait_for(f"client {number} has joined")
        clients[-1].wait_for("Escape character")
        take(server, IMAGES / "proactor_connected.png")
        _talk(clients)
        for number, client in enumerate(clients, 1):
            take(client, IMAGES / f"client{number}_3.png")
        for number, (client, keys) in enumerate(zip(clients, ("\x04", "\x03", "\x1dquit\n")), 1):
            client.type(keys)
            server.wait_for(f"client {number} has left")
        server.type("\x03")
        server.wait_for(f"^C{PROMPT.strip()}")
        server.run("echo $?", "\n0\n")
        take(server, IMAGES / "proactor_after.png")


def _terminals(open_now: ExitStack, server: str, columns: int) -> list[Terminal]:
    return [open_now.enter_context(Terminal(title, ROOT, columns, 24))
            for title in (server, "client 1", "client 2", "client 3")]


def _talk(clients: list[Terminal]) -> None:
    """Each says a line, when all have heard the one before."""
    for speaker, line in zip(clients, TALK):
        speaker.type(f"{line}\n")
        for client in clients:
            client.wait_for(line)


def score_card() -> None:
    """The card of this tree: full marks."""
    with Terminal("make test", ROOT, 88, 60) as shell:
        shell.run("make test", f"\n{PROMPT.strip()}")
        shell.wait_for("Full marks", patience=0)
        take(shell, IMAGES / "score_card.png")


def failure() -> None:
    """The card of a server that also answers the sender: the check, and what was said and heard."""
    with TemporaryDirectory(prefix="images-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(
            ".git", "build", "results", "samples", "images", "__pycache__"))
        shutil.rmtree(tree / "part_a")
        shutil.copytree(SAMPLE / "part_a", tree / "part_a")
        with Terminal("make test", tree, 92, 70) as shell:
            shell.run(f"make test PART=part_a T={CHECK}", f"\n{PROMPT.strip()}")
            shell.wait_for("came back to Ann", patience=0)
            take(shell, IMAGES / "failure.png")


SCENES: dict[str, Callable[[], None]] = {
    "threaded_chat": threaded_chat, "proactor_chat": proactor_chat, "score_card": score_card,
    "failure": failure}
