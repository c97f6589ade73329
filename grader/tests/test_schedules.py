"""A race that an unrelated lock hides is found in some schedule; what is right is never accused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from grading.sanitizers.tool import EXIT_STATUS, FOLDER, SEED, THREAD

SEEDS = range(1, 33)
RACES = EXIT_STATUS[THREAD.name]
# One counts before it takes the lock, the other when it has given it back: who is first at the lock
# decides whether anything can be seen, and that is the first thread unless it waits.
SOURCE = """
#include <pthread.h>
#include <stdlib.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counter, other;
static void work(int times) {
    pthread_mutex_lock(&lock);
    other += times;
    INSIDE(++counter);
    pthread_mutex_unlock(&lock);
}
static void* first(void* nothing) { OUTSIDE(++counter); work(1); return nothing; }
static void* second(void* nothing) { work(2); OUTSIDE(++counter); return nothing; }
int main(void) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, first, NULL);
    pthread_create(&threads[1], NULL, second, NULL);
    for (int i = 0; i < 2; ++i)
        pthread_join(threads[i], NULL);
    return getenv("LAB_SEED") ? 3 : 0;
}
"""


@pytest.fixture(scope="module", params=["gcc", "clang"])
def compiler(request: pytest.FixtureRequest) -> str:
    """The one with a shared run-time library of the tool, the other with a static one."""
    return str(request.param)


def built(folder: Path, compiler: str, inside: str, outside: str) -> Path:
    """The program, by the way that submissions are built."""
    (folder / "race.c").write_text(SOURCE)
    subprocess.run([FOLDER / "build.sh", THREAD.flags, compiler, f"-DINSIDE(x)={inside}",
                    f"-DOUTSIDE(x)={outside}", "race.c", "-o", "race", "-pthread"],
                   cwd=folder, check=True)
    return folder / "race"


def status(program: Path, seed: int) -> int:
    """How the program ends in a schedule."""
    options = {**THREAD.settings, SEED: str(seed)}
    return subprocess.run(["setarch", "-R", program], env={**os.environ, **options},
                          capture_output=True, check=False, timeout=60).returncode


def test_a_lock_hides_no_race_from_all_schedules(tmp_path: Path, compiler: str) -> None:
    program = built(tmp_path, compiler, inside="", outside="x")
    assert RACES in (status(program, seed) for seed in SEEDS)


def test_what_is_right_is_accused_in_no_schedule(tmp_path: Path, compiler: str) -> None:
    """And finds no seed in its environment: that would be status 3."""
    program = built(tmp_path, compiler, inside="x", outside="")
    assert {status(program, seed) for seed in SEEDS} == {0}
