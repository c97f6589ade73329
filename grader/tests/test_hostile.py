"""A few hostile submissions, graded end to end; and the proof that nothing is left can fail."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from accuracy import hostile
from accuracy.hostile_corpus import hand_in, read_attacks
from accuracy.hostile_tier import words_amiss
from accuracy.left_over import MARK, state
from accuracy.run import CORPUS
from sample_reports import GRADER, lab

ATTACKS = read_attacks(CORPUS, GRADER / "samples", lab())
FEW = ("builds,builds_the_client,default_port_is_9034,fan_out_reaches_everyone_else,"
       "one_leaves_and_three_more_rounds,long_lines_pass_whole,sigint_ends_it")
needs_namespaces = pytest.mark.skipif(
    subprocess.run(["unshare", *([] if os.geteuid() == 0 else ["-r"]), "--mount", "--pid",
                    "--fork", "--net", "true"], check=False, capture_output=True).returncode != 0,
    reason="no namespaces to be had")


@needs_namespaces
def test_a_few_attacks_come_to_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    status = hostile.main(["--quick", "--check", FEW])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "000-honest" in said and "quick: what is left" in said


@pytest.mark.parametrize("name", ["huge_files", "odd_names", "links_that_lead_out",
                                  "devices_and_pipes", "library_exits_at_once"])
def test_a_submission_is_whole(name: str, tmp_path: Path) -> None:
    attack = next(one for one in ATTACKS if one.name == name)
    facts = dict.fromkeys(("HOST_SECRET", "HOST_GRADER", "HOST_RESULTS"), "/nowhere")
    hand_in(attack, CORPUS, GRADER / "samples", tmp_path, facts)
    for part in attack.entry.parts:
        assert (tmp_path / attack.folder_name / part / "Makefile").is_file()
        assert (tmp_path / attack.folder_name / part / "host.h").is_file()


def test_what_is_left_is_found() -> None:
    before = state(Path("/nowhere"))
    place = Path("/dev/shm", f"{MARK}-{os.getpid()}")
    place.touch()
    try:
        with socket.create_server(("127.0.0.1", 0)) as port, \
                subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True, bufsize=1) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("it answers, so it bears its name\n")
            process.stdout.readline()
            left = "\n".join(state(Path("/nowhere")).beside(before, 10_000))
            process.kill()
            number = port.getsockname()[1]
    finally:
        place.unlink()
    assert f"processes: {process.pid} cat" in left
    assert f"files: {place}" in left and f"ports: tcp {number}" in left


@pytest.mark.parametrize("said, book, result, words", [
    ("fine\n", "submission\nalice\n", "{}", []),
    ("\x1b[2J", "", "{}", ["the screen has a control character"]),
    ("", "=1+1,2\n", "{}", ["a formula"]),
    ("", "", "the token is here", ["has the secret"])])
def test_words_are_looked_through(said: str, book: str, result: str, words: list[str],
                                  tmp_path: Path) -> None:
    (tmp_path / "gradebook.csv").write_text(book)
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / "result.json").write_text(result)
    found = list(words_amiss(said, 0, tmp_path, "token"))
    assert len(found) == len(words) and all(word in line for word, line in zip(words, found))
