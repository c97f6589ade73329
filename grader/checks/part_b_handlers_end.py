"""libst_proactor: how a run ends, and that the program's descriptors stay its own."""

from grading.driver import Driver
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.verdict import Verdict

from part_b_handlers import (
    added, made, must_be_done, must_handle, must_start, running, succeed)

END_S = 3.0  # how long to wait for a call that has nothing more to wait for


def check_cancel_ends_the_run(theatre: Theatre) -> None:
    """cancelProactor() ends a run that waits, from another thread and from a handler;
    runProactor() returns 0."""
    for kind in ("", "cancel"):
        theatre.clear()
        driver = running(theatre)
        driver.stage.settle()
        if kind:
            driver.ask(f"write {added(driver, kind)} x")
        else:
            succeed(driver.ask("cancel"), "cancelProactor()")
        must_have_run(driver)
        driver.ask("destroy", "destroyed")


def check_cancel_before_run_is_remembered(theatre: Theatre) -> None:
    """A cancelProactor() before runProactor() is remembered: the run returns at once."""
    driver = made(theatre)
    driver.ask("cancel")
    driver.ask("run", "running")
    must_have_run(driver)
    driver.ask("destroy", "destroyed")


def check_destroy_waits_for_handlers(theatre: Theatre) -> None:
    """destroyProactor() returns only when no handler runs any more."""
    driver = running(theatre)
    pair = added(driver, "hold")
    driver.ask(f"write {pair} word")
    must_start(driver, pair)
    driver.ask("cancel")
    ended = driver.hear("ran") is not None  # a run may as well wait for the handlers itself
    if ended:
        driver.ask("destroyaside", "destroying")
        driver.stage.settle()
        if ["destroyed"] in driver.lines():
            raise Shortfall("destroyProactor() has returned, and a handler still runs.",
                            expected="it waits for the handler", actual="it does not wait")
    driver.ask(f"release {pair}")
    must_be_done(driver, pair, "word")
    if not ended:
        must_have_run(driver)
        driver.ask("destroyaside", "destroying")
    if driver.hear("destroyed", END_S) is None:
        raise Shortfall("The last handler has returned, and destroyProactor() has not.",
                        expected="it returns", actual="it goes on waiting",
                        verdict=Verdict.TIMEOUT)


def check_the_program_owns_its_descriptors(theatre: Theatre) -> None:
    """The proactor closes no descriptor of the program: not on end-of-file, on removal,
    or when it is destroyed."""
    driver = running(theatre)
    ended, removed, kept = (added(driver, "read") for _ in range(3))
    driver.ask(f"end {ended}")
    must_handle(driver, ended, "end")
    driver.ask(f"remove {ended}")
    driver.ask(f"remove {removed}")
    driver.ask("cancel")
    must_have_run(driver)
    driver.ask("destroy", "destroyed")
    for pair in (ended, removed, kept):
        if driver.ask(f"open {pair}")[2] != "YES":
            raise Shortfall("The proactor has closed a descriptor that belongs to the program.",
                            expected="it stays open", actual="it is closed")


# -- steps ---------------------------------------------------------------------------------------

def must_have_run(driver: Driver) -> None:
    """Raises Shortfall unless runProactor() returns 0."""
    words = driver.hear("ran", END_S)
    if words is None or words[1] != "0":
        raise Shortfall("runProactor() does not end as it should after cancelProactor().",
                        expected="it returns 0",
                        actual=f"it returned {words[1]}" if words else "it goes on waiting",
                        verdict=Verdict.FAIL if words else Verdict.TIMEOUT)
