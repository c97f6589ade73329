"""A profile lays other names over lab.toml, keeps what applies, and is worth a hundred again."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from grading.lab import HUNDRED, Lab, NoProfile, read_lab
from grading.lab_table import LabError
from grading.profiles import shares
from grading.report import rubric
from sample_reports import GRADER

STOCK = """name = "x"
[parts.p]
title = "t"
folder = "p"
build = ["make"]
[targets.server]
part = "p"
title = "t"
command = ["p/server", "{port}"]
client = "p/client"
[targets.library]
part = "p"
title = "t"
products = ["p/x.h", "p/libx.so"]
[targets.handlers]
part = "p"
title = "t"
[checks.c]
clauses = ["C1"]
points = { server = 33.333, library = 16.667 }
extra = { handlers = 3 }
[checks.d]
clauses = ["C2"]
points = { server = 16.667, library = 33.333 }
extra = { handlers = 7 }
needs = ["c"]
[checks.bad_port]
clauses = ["C2"]
points = { server = 0 }
uses = ["port_argument"]
"""
PROFILE = """[profiles.other]
grades = ["server"]
without = ["bad_*"]
[profiles.other.parts.p]
folder = "q"
[profiles.other.targets.server]
command = ["q/chat"]
port = 8080
"""


def read(tmp_path: Path, text: str, profile: str = "") -> Lab:
    (tmp_path / "lab.toml").write_text(text)
    (tmp_path / "hints.toml").write_text("".join(
        f"[{name}]\nfirst = '1'\nsecond = '2'\nthird = '3'\n" for name in ("c", "d", "bad_port")))
    return read_lab(tmp_path / "lab.toml", profile)


def test_a_profile_says_instead_what_it_says_again(tmp_path: Path) -> None:
    lab = read(tmp_path, STOCK + PROFILE, "other")
    assert (lab.profile, lab.parts["p"].folder, lab.parts["p"].build) == ("other", "q", ("make",))
    server = lab.targets["server"]
    assert (server.products, server.client, server.fixed_port) == (("q/chat",), "p/client", 8080)
    assert [target.name for target in lab.graded] == ["server"]
    assert (list(lab.checks), lab.left_out) == (["c", "d"], ("bad_port",))


def test_it_can_word_promises_and_hints_in_its_own_way(tmp_path: Path) -> None:
    own = "[profiles.other.checks.d]\npromise = 'It chats.'\nhints = ['a', 'b', 'c']\n"
    checks = read(tmp_path, STOCK + PROFILE + own, "other").checks
    assert (checks["d"].promise, checks["d"].hints) == ("It chats.", ("a", "b", "c"))
    assert (checks["c"].promise, checks["c"].hints) == ("", ("1", "2", "3"))


def test_points_of_checks_that_students_do_not_get_are_scaled_too(tmp_path: Path) -> None:
    lab = read(tmp_path, STOCK.replace("17", "7", 1).replace("33.333", "23.333", 1)
               .replace('name = "x"', 'name = "x"\nhidden = { server = 10, library = 0 }')
               + PROFILE, "other")
    assert (lab.hidden, lab.scaled_from) == ({"server": 20_000}, 50_000)
    assert lab.max_score == HUNDRED


def test_its_points_add_up_to_a_hundred_again(tmp_path: Path) -> None:
    lab = read(tmp_path, STOCK + PROFILE, "other")
    assert [row.points for row in lab.checks.values()] == [{"server": 66_666}, {"server": 33_334}]
    assert (lab.max_score, lab.scaled_from) == (HUNDRED, 50_000)


def test_without_a_profile_nothing_changes(tmp_path: Path) -> None:
    assert read(tmp_path, STOCK + PROFILE) == read(tmp_path, STOCK, "stock")


def test_the_file_can_name_the_profile_that_is_meant_by_default(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_PROFILE", raising=False)
    text = 'profile = "other"\n' + STOCK + PROFILE
    assert read(tmp_path, text).profile == "other"
    assert read(tmp_path, text, "stock").profile == "stock"


def test_the_environment_can_name_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PROFILE", "stock")
    text = 'profile = "other"\n' + STOCK + PROFILE
    assert read(tmp_path, text).profile == "stock"
    assert read(tmp_path, text, "other").profile == "other"


def test_extra_credit_counts_where_the_profile_grades_it(tmp_path: Path) -> None:
    lab = read(tmp_path, STOCK + '[profiles.api]\ngrades = ["handlers"]\nextra = ["library"]\n',
               "api")
    assert [row.points for row in lab.checks.values()] == [{"handlers": 30_000},
                                                           {"handlers": 70_000}]
    assert lab.max_extra == 500_000  # as much more than the hundred as in lab.toml


def test_a_clause_that_is_not_asked_for_takes_its_checks_along(tmp_path: Path) -> None:
    text = STOCK.replace('["C2"]', '["C1", "C2"]', 1)
    text += '[profiles.o]\nwithout = ["C2", "bad_port"]\n'
    assert list(read(tmp_path, text, "o").checks) == ["c", "d"], "d tests another clause as well"
    text = text.replace('["C2", "bad', '["C2", "C1", "bad')
    with pytest.raises(LabError, match="nothing of what it grades is worth a point"):
        read(tmp_path, text, "o")
    assert list(read(tmp_path, STOCK + '[profiles.o]\nwithout = ["C2"]\n', "o").checks) == ["c"]


def test_a_check_that_is_left_out_is_needed_by_none(tmp_path: Path) -> None:
    lab = read(tmp_path, STOCK + '[profiles.o]\nwithout = ["c", "bad_port"]\n', "o")
    assert [(row.name, row.needs) for row in lab.checks.values()] == [("d", ())]
    assert lab.max_score == HUNDRED


@pytest.mark.parametrize("old, new, words", [
    ('["server"]', '["sever"]', "grades names sever, no target; there are server, library"),
    ('["server"]', '"server"', "the profile: grades is no list of strings"),
    ('["server"]\n', '["server"]\nextra = ["server"]\n', "both grades and extra name server"),
    ('["server"]\n', '["server"]\ngrade = []\n', "the top of the file: grade is no key"),
    ('["bad_*"]', '["worse_*"]', "without names worse_*, which is no check and no"),
    ('["bad_*"]', '["*"]', "nothing of what it grades is worth a point"),
    ('without = ["bad_*"]\n', "",
     "check bad_port uses port_argument, which target server does not"),
    ("parts.p]", "parts.q]", "parts.q: nothing of that name is graded without a profile"),
    ("targets.server]", "targets.sever]", "targets.sever: nothing of that name"),
    ("port = 8080", "prot = 8080", "target server: prot is no key that is known here"),
    ("port = 8080", "port = 80800", "target server: port is no number from 0 to 65535"),
    ("port = 8080", "", "target server: its command has no {port}, so `port` must say where"),
    ("port = 8080", "port = 1\necho = 1", "target server: echo is neither true nor false"),
    ("port = 8080", 'port = 1\nlibrary = "lib"', "target server: library names lib, no target"),
    ("port = 8080", "port = 1\n[profiles.other.targets.library]\nfirst_line_is_name = true",
     "target library: first_line_is_name is for programs, not for libraries"),
    ("port = 8080", "port = 1\n[profiles.other.checks.d]\nneeds = ['e']",
     "check d needs e, which is"),
    ("port = 8080", "port = 1\n[profiles.other.checks.d]\nuses = ['e']",
     "check d uses e, which is"),
    ("port = 8080", "port = 1\n[profiles.other.checks]\nd = 3", "check d is no table"),
    ("port = 8080", "port = 1\n[profiles.other.checks.d]\nhints = ['one']",
     "check d needs 3 hints"),
])
def test_a_mistake_in_a_profile_is_named_with_it(tmp_path: Path, old: str, new: str,
                                                 words: str) -> None:
    assert old in PROFILE
    with pytest.raises(LabError) as told:
        read(tmp_path, STOCK + PROFILE.replace(old, new, 1), "other")
    assert f"profile other: {words}" in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["profiles = 3\n" + STOCK, STOCK + "[profiles.stock]\n",
                                  STOCK + "[profiles]\nother = 3\n"])
def test_profiles_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(LabError, match="profile"):
        read(tmp_path, text, "other" if "other" in text else "")


def test_a_profile_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(NoProfile, match="^no profile mine; there are stock, other$"):
        read(tmp_path, STOCK + PROFILE, "mine")
    assert rubric.main(["--profile", "mine"]) == 2


@pytest.mark.parametrize("worth", [(1, 1, 1), (250, 30_000), (0, 7, 0), (1,) * 77, (99_999, 1)])
def test_shares_add_up_and_none_is_off_by_more_than_one(worth: tuple[int, ...]) -> None:
    found = shares({(str(place), ""): value for place, value in enumerate(worth)}, HUNDRED)
    assert sum(found.values()) == HUNDRED
    for part, value in zip(found.values(), worth):
        assert abs(part - value * HUNDRED / sum(worth)) < 1


PROFILES = tomllib.loads((GRADER / "lab.toml").read_text())["profiles"]


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_of_this_lab_is_good(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lab = read_lab(GRADER / "lab.toml", name)
    assert lab.max_score == HUNDRED
    assert set(rubric.promises_of(lab, GRADER)) == set(lab.checks)
    assert rubric.main(["--profile", name]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Together 100 points" in shown and f"This is the profile {name}:" in shown
    assert not any(f" {check} " in shown for check in lab.left_out)
