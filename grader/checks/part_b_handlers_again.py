"""libst_proactor: a descriptor is removed, and its number is added again with another handler."""

from grading.driver import Driver
from grading.theatre import Theatre

from part_b_handlers import (
    OTHER, added, has_started, must_be_done, must_handle, must_not_start, must_start, running,
    succeed)

ANEW = "adding a removed descriptor's number again"


def check_removed_is_removed(theatre: Theatre) -> None:
    """removeHandler() does not wait, and starts no handler afterwards;
    the number may be added again at once."""
    driver = running(theatre)
    quiet, pair = added(driver, "read"), added(driver, "hold")
    driver.stage.settle()
    succeed(driver.ask(f"remove {quiet}"), "removeHandler()")
    driver.ask(f"write {quiet} late")
    must_not_start(driver, quiet, "after removeHandler()")
    driver.ask(f"write {pair} early")
    must_start(driver, pair)
    succeed(driver.ask(f"remove {pair}"), "removeHandler() while the handler runs")
    driver.ask(f"release {pair}")
    must_be_done(driver, pair, "early")
    driver.ask(f"write {pair} late")
    must_not_start(driver, pair, "after removeHandler()")
    for removed in (pair, quiet):
        driver.ask(f"renew {removed}")
        succeed(driver.ask(f"addother {removed} read"), ANEW)
        driver.ask(f"write {removed} again")
        must_handle(driver, removed, "again", OTHER)
    must_leave_alone_what_is_new(driver)


def must_leave_alone_what_is_new(driver: Driver) -> None:
    """A number is added again while its old handler runs. Whether the new handler starts beside
    the old one or after it is the library's choice; what the old one's return sets off is none of
    its business."""
    pair = added(driver, "hold")
    driver.ask(f"write {pair} old")
    must_start(driver, pair)
    succeed(driver.ask(f"remove {pair}"), "removeHandler() while the handler runs")
    succeed(driver.ask(f"addother {pair} hold"), f"{ANEW}, while its old handler runs,")
    driver.stage.settle()
    if beside := has_started(driver, pair):
        must_start(driver, pair, OTHER)
    driver.ask(f"release {pair}")
    must_be_done(driver, pair, "old")
    driver.ask(f"write {pair} new")
    if not beside:
        must_start(driver, pair, OTHER)
    must_not_start(driver, pair, "for a descriptor, added again, whose own handler still runs")
    for word, following in (("new", "newer"), ("newer", "newest")):
        driver.ask(f"releaseother {pair}")
        must_be_done(driver, pair, word)
        driver.ask(f"write {pair} {following}")
        must_start(driver, pair, OTHER)
    driver.ask(f"releaseother {pair}")
    must_be_done(driver, pair, "newest")
