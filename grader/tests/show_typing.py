"""Prints what a terminal shows while a line is typed and 20 lines a second arrive.

usage: PYTHONPATH=grader python3 grader/tests/show_typing.py     (after make -C part_a)
"""

from __future__ import annotations

import threading

from chat_screen import ROOT, ChatScreen, Server

LINE = "what I type stays whole, however many lines arrive meanwhile, key by key"
COLUMNS, ROWS = 46, 7
PICTURES = (1, 24, 48, len(LINE))


def talk(server: Server, over: threading.Event) -> None:
    """Says 20 lines a second until it is over."""
    number = 0
    while not over.wait(0.05):
        number += 1
        server.say(f"line {number} from somebody else\n")


def picture(screen: ChatScreen, title: str) -> str:
    """The window in a frame."""
    rows = [f"| {row:{COLUMNS}} |" for row in screen.rows()]
    edge = "+" + "-" * (COLUMNS + 2) + "+"
    return "\n".join((title, edge, *rows, edge))


def main() -> None:
    """Types, and takes a picture now and then."""
    server, over = Server(), threading.Event()
    client = str(ROOT / "part_a" / "client")
    screen = ChatScreen([client, "127.0.0.1", str(server.port)], COLUMNS, ROWS)
    server.meet()
    thread = threading.Thread(target=talk, args=(server, over))
    thread.start()
    for size, key in enumerate(LINE, 1):
        screen.press(key)
        screen.until(lambda: screen.typed() == f"> {LINE[:size]}".rstrip())
        if size in PICTURES:
            print(picture(screen, f"after {size} of {len(LINE)} keys:"))
    screen.press("\r")
    print("the server has heard:", server.hear(len(LINE) + 1).decode(), end="")
    over.set()
    thread.join()
    screen.close()
    server.close()


if __name__ == "__main__":
    main()
