"""What failures say of their causes: words made of what was seen, and nothing beyond it."""

from __future__ import annotations

import pytest
from grading.difference import compared
from grading.likely_cause import KnownCause, signs_of, with_likely_causes
from grading.observe.at_work import AT_ZERO, in_words, is_all_the_time
from grading.verdict import Cause, CheckResult, Verdict
from grading.wrong_port import how_come
from sample_reports import row

TOKEN = b"<0123abcd>"
LONG = TOKEN + b" " + bytes(65 + number % 26 for number in range(600))
KERNELS = range(32768, 61000)


# -- the port ------------------------------------------------------------------------------------

def test_a_port_with_its_bytes_swapped_is_known() -> None:
    assert " 7990 is 13855 with its two bytes swapped" in how_come(13855, [7990], KERNELS)
    assert "swapped" in how_come(37, [9472], KERNELS)


def test_a_port_of_the_kernels_choice_is_what_listen_takes_without_bind() -> None:
    assert "bind() has failed" in how_come(28241, [52863], KERNELS)


@pytest.mark.parametrize(("wanted", "listening"), [
    (13855, []), (13855, [9034]), (0, [9034]), (13855, [9034, 52863])])
def test_other_ports_tell_nothing(wanted: int, listening: list[int]) -> None:
    assert how_come(wanted, listening, KERNELS) == ""


# -- the line ------------------------------------------------------------------------------------

def test_short_lines_are_shown_whole() -> None:
    said, heard = compared(TOKEN + b" hello", TOKEN, [b"7: " + TOKEN + b" hell"], b"")
    assert (said, heard) == ('"<0123abcd> hello\\n"', '"<0123abcd> hell"')


def test_of_long_lines_the_text_around_the_first_difference_is_shown() -> None:
    wrong = LONG[:300] + b"?" + LONG[301:]
    said, heard = compared(LONG, TOKEN, [b"Ann: " + wrong], b"")
    assert "?" in heard and "?" not in said
    assert "from byte 281 of 611" in said and "from byte 281 of 611" in heard


def test_the_end_that_is_missing_is_seen() -> None:
    said, heard = compared(LONG, TOKEN, [LONG[:-3]], b"")
    assert "of 611" in said and "of 608" in heard


def test_a_line_that_came_twice_is_no_riddle() -> None:
    _, heard = compared(LONG, TOKEN, [LONG, LONG], b"")
    assert heard.startswith('2 lines with <0123abcd>, one of them: "')


def test_a_line_without_its_end_is_compared_where_it_begins() -> None:
    _, heard = compared(LONG, TOKEN, [], b"before\n" + LONG[:100] + b"#" + LONG[101:])
    assert "#" in heard and heard.endswith('without its line end"')


def test_a_line_that_never_came_is_said_to_be_missing() -> None:
    assert compared(LONG, TOKEN, [], b"something else\n")[1] == "nothing of it"


def test_a_zero_byte_in_the_prefix_is_shown() -> None:
    _, heard = compared(TOKEN + b" a", TOKEN, [b"7:\0" + TOKEN + b" a"], b"")
    assert heard == '"7:\\x00<0123abcd> a"'


# -- work without a pause ------------------------------------------------------------------------

@pytest.mark.parametrize(("ran", "waited", "all_the_time"), [
    (0.24, 0.0, True), (0.05, 0.15, True), (0.01, 0.24, False), (0.1, 0.0, False)])
def test_a_thread_works_all_the_time_if_it_ran_or_would_have_run(
        ran: float, waited: float, all_the_time: bool) -> None:
    assert is_all_the_time(ran, waited, 0.25) is all_the_time


def test_a_question_is_asked_where_there_is_one() -> None:
    assert in_words("", False) == " Meanwhile a thread of it uses a whole core."
    assert in_words(AT_ZERO, True) == f" Before that a thread of it used a whole core: {AT_ZERO}"


# -- the likely cause ----------------------------------------------------------------------------

def test_a_cause_that_is_known_from_another_scene_is_not_told() -> None:
    def late(words: str) -> CheckResult:
        return row("end", Verdict.TIMEOUT, cause=Cause(f"The server {words}, and it stays."))

    silent, talks = late("stays silent"), late("goes on talking")
    known = [KnownCause(name, name, signs_of([one]))
             for name, one in (("waits", silent), ("sums", talks))]
    for one, word in ((silent, "waits"), (talks, "sums")):
        cause = with_likely_causes([one], known)[0].cause
        assert cause and cause.likely == (word,)
