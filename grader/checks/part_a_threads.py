"""Part A's server: a thread for each client, one process, and no asynchronous I/O."""

from pathlib import Path

from grading.observe.threads import MULTIPLEXING, sample_threads
from grading.shortfall import Shortfall
from grading.theatre import Theatre

ASYNCHRONOUS = ("select", "pselect", "poll", "ppoll", "__poll_chk", "__ppoll_chk", "epoll_create",
                "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
                "aio_read", "aio_write", "aio_suspend", "lio_listio",
                "io_uring_queue_init", "io_uring_setup", "io_uring_submit")
# A server that asks for one of these has libstdc++ in it, linked statically: its streams call poll.
OF_A_STATIC_LIBRARY = {"__iswctype_l", "iswctype_l"}
CALLED_BY_IT = {"poll", "__poll_chk"}
MOST_OBJECTS = 50


def check_a_thread_for_each_client(theatre: Theatre) -> None:
    """Each client has a thread of its own: the number of threads grows
    with the number of clients."""
    stage = theatre.stage()
    before = stage.program.threads()
    for clients in (1, 4, 8):
        stage.join(clients - len(stage.clients))
        grown = stage.program.threads() - before
        if not clients <= grown <= 2 * clients + 1:
            raise Shortfall(f"With {clients} clients the server has {grown} threads more "
                            "than with none.",
                            expected=f"{clients} to {2 * clients} more: one or two for each client",
                            actual=f"{before} threads before, {before + grown} now")


def check_one_process(theatre: Theatre) -> None:
    """The server is one process: it does not fork."""
    stage = theatre.stage()
    stage.join(3)
    if len(stage.program.pids()) != 1:
        raise Shortfall("The server has made other processes.", expected="one process",
                        actual=f"{len(stage.program.pids())} processes")


def check_no_asynchronous_io(theatre: Theatre) -> None:
    """The server's own code calls no select, poll, epoll, aio or io_uring."""
    called = sorted(_called(theatre) & set(ASYNCHRONOUS))
    if called:
        raise Shortfall(f"The server calls {', '.join(called)}.",
                        expected="threads that block in accept(), recv() and send()",
                        actual=f"its object files refer to {', '.join(called)}")
    stage = theatre.stage()
    stage.join(3)
    waits = {sample.call for sample in sample_threads(stage.program.pids()) or ()}
    if waits & MULTIPLEXING:
        raise Shortfall("A thread of the server waits in a select, poll or epoll.",
                        expected="threads that block in accept(), recv() and send()",
                        actual="seen in /proc/PID/task/*/syscall while three clients were idle")


def _called(theatre: Theatre) -> set[str]:
    """The functions that the student's own code leaves to the C library.

    For a server that is linked dynamically, its undefined dynamic symbols: what the run-time
    library itself calls is not among them. Where that library is linked statically, what it calls
    is left out, and the undefined symbols of the object files tell instead.
    """
    called = theatre.symbols(theatre.program_path, "--dynamic", "--undefined-only")
    static = not called
    if called & OF_A_STATIC_LIBRARY:
        static, called = True, called - CALLED_BY_IT
    if static:
        client = Path(theatre.target.client or "client").name
        objects = sorted(path.name for path in (theatre.box.work / theatre.folder).glob("*.o")
                         if client not in path.name)
        for name in objects[:MOST_OBJECTS]:
            called |= theatre.symbols(f"{theatre.folder}/{name}", "--undefined-only")
    return called
