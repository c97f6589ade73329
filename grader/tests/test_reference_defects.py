"""The reference with one thing broken: the grader has to see each, in every part that it breaks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from accuracy.run import with_kept_objects
from grading.grade import grade_all
from grading.run_options import GRADER, cores, make_order
from grading.submission import Submission
from grading.verdict import Report, Verdict

ROOT = GRADER.parent
HANDED_IN = ("Makefile", "common", "part_a", "part_b", "part_c")
CHAT = ("part_a", "part_b", "part_c", "st_proactor")


@dataclass(frozen=True)
class Defect:
    """An edit of the reference, and the checks that have to fail: target -> check."""

    edits: tuple[tuple[str, str, str], ...]  # file, what stands there, what stands there instead
    must_fail: dict[str, str]


def _on(targets: tuple[str, ...], check: str) -> dict[str, str]:
    return {target: check for target in targets}


DEFECTS = {
    "never_broadcasts": Defect(
        (("common/room.cpp", "member->deliver(lines);", "(void)lines;"),),
        _on(CHAT, "fan_out_reaches_everyone_else")),
    "echoes_to_the_sender": Defect(
        (("common/room.cpp", "if (member != &sender)", "if (member && &sender)"),),
        _on(CHAT, "nothing_comes_back_to_the_sender")),
    "splits_at_recv": Defect(
        (("common/line_framer.cpp", "bytes.rfind('\\n') + 1;", "bytes.size();"),
         ("part_b/proactor_c.cpp", "run.find('\\n') + 1;",
          "std::min(run.find('\\n'), run.size() - 1) + 1;"),
         ("part_b/proactor_c.cpp", "#include <cerrno>", "#include <algorithm>\n#include <cerrno>")),
        _on(CHAT, "lines_do_not_depend_on_packets")),
    "a_thread_never_ends": Defect(
        (("part_c/st_proactor.cpp", "        client.say_farewell();",
          "        client.say_farewell();\n        std::thread(::pause).detach();"),
         ("part_a/session.cpp", "    on_end_();\n}", "    ::pause();\n    on_end_();\n}"),
         ("part_a/session.cpp", "#include <array>", "#include <unistd.h>\n\n#include <array>"),
         ("part_b/chat_server.cpp", "    starved_ = false;",
          "    starved_ = false;\n    std::thread(::pause).detach();"),
         ("part_b/chat_server.cpp", "#include <memory>",
          "#include <unistd.h>\n\n#include <memory>\n#include <thread>")),
        _on(CHAT, "threads_are_given_back")),
    "a_descriptor_stays_open": Defect(
        (("common/unique_fd.hpp", "::close(old);", "{\n            ::shutdown(old, SHUT_RDWR);\n"
          "            if (old % 2)\n                ::close(old);\n        }"),
         ("common/unique_fd.hpp", "#include <unistd.h>",
          "#include <sys/socket.h>\n#include <unistd.h>")),
        _on(CHAT, "descriptors_are_given_back")),
    "waits_busily": Defect(
        (("common/stop_signal.cpp", "    ::sigwait(&signals_, &signal);",
          "    const timespec none{};\n"
          "    while ((signal = ::sigtimedwait(&signals_, nullptr, &none)) < 0) {\n    }"),
         ("part_b/epoll_source.cpp", "to_timeout(patience) : 0;", "0 : 0;")),
        _on(CHAT, "idle_clients_cost_nothing")),
    "ignores_sigint": Defect(
        (("common/stop_signal.cpp", "    ::sigaddset(&signals_, SIGINT);",
          "    ::signal(SIGINT, SIG_IGN);"),),
        _on(("part_a", "part_c", "st_proactor"), "sigint_ends_it")),
    "keeps_next_to_nothing": Defect(
        (("common/limits.hpp", "std::size_t outbox = std::size_t{16} << 20;",
          "std::size_t outbox = std::size_t{16} << 10;"),),
        _on(CHAT, "slow_reader_is_bounded")),
    "ipv4_only": Defect(
        (("common/socket.cpp", "UniqueFd fd = dual_stack_socket();\n    if (!fd)",
          "UniqueFd fd;\n    if (!fd)"),),
        _on(CHAT, "serves_ipv6")),
    "destroy_returns_early": Defect(
        (("part_b/proactor_c.cpp",
          "    proactor->running.lock();\n    proactor->running.unlock();\n    delete proactor;",
          "    std::thread([proactor] {\n        proactor->running.lock();\n"
          "        proactor->running.unlock();\n        delete proactor;\n    }).detach();"),
         ("part_b/proactor_c.cpp", "#include <system_error>",
          "#include <system_error>\n#include <thread>")),
        {"part_b": "destroy_waits_for_the_loop"}),
}


@pytest.fixture(scope="module", params=DEFECTS)
def graded(request: pytest.FixtureRequest,
           tmp_path_factory: pytest.TempPathFactory) -> tuple[Defect, Report]:
    """One broken reference, built once, and only the check played that is there for its defect."""
    defect = DEFECTS[request.param]
    tree = _broken(tmp_path_factory.mktemp("defects") / request.param, defect)
    (check,) = set(defect.must_fail.values())
    order = with_kept_objects(make_order("", check))
    (report,) = grade_all(order, [Submission(request.param, tree)], cores())
    return defect, report


def _broken(tree: Path, defect: Defect) -> Path:
    tree.mkdir()
    for name in HANDED_IN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name)
        else:
            shutil.copyfile(ROOT / name, tree / name)
    for name, before, after in (*defect.edits, ("Makefile", "-O2 -g", "-O0")):
        path = tree / name
        text = path.read_text()
        assert before in text, f"{name} no longer holds: {before}"
        path.write_text(text.replace(before, after))
    return tree


def test_a_broken_reference_fails(graded: tuple[Defect, Report]) -> None:
    """In every part that the defect breaks, the check does not pass, and says why."""
    defect, report = graded
    failed = {row.target: row for row in report.rows
              if row.verdict in (Verdict.FAIL, Verdict.CRASH, Verdict.TIMEOUT)}
    assert not report.has_grader_error
    assert set(failed) == set(defect.must_fail), report.rows
    assert all(row.cause and row.cause.rationale and row.points == 0 for row in failed.values())
