"""How each of the grader's drivers is compiled and linked with a student's library."""

from __future__ import annotations

from pathlib import PurePosixPath

DRIVER_FOLDER = ".lab"  # in the box's work folder: the drivers, linked
DRIVERS = "/drivers"  # where their sources are shown to the compiler

# The library's folder is asked for "names" first, for <names> last: a header of a student's that is
# called like one of the system's shadows none.
_INCLUDE = '-iquote "$INCLUDE" -idirafter "$INCLUDE" -DHEADER="\\"$HEADER\\""'
_SHARED = '-L"$SHARED_FOLDER" -l"$SHARED" -pthread -Wl,-rpath,"$PWD/$SHARED_FOLDER"'

# Each driver: the compiler's steps, as the students' sheets tell how to use the library.
STEPS: dict[str, tuple[str, ...]] = {
    "proactor_cpp": (
        f'g++ -x c++ -std=c++20 -O1 {_INCLUDE} -c "$DRIVERS/proactor_driver.c" -o .lab/cpp.o',
        f"g++ .lab/cpp.o -o .lab/proactor_cpp {_SHARED}"),
    "proactor_c": (
        f'gcc -std=gnu11 -O1 {_INCLUDE} -c "$DRIVERS/proactor_driver.c" -o .lab/c.o',
        'g++ .lab/c.o -o .lab/proactor_c "$STATIC" -pthread'),
    "callbacks": (
        f'gcc -std=gnu11 -O1 {_INCLUDE} -c "$DRIVERS/callbacks_driver.c" -o .lab/callbacks.o',
        f"g++ .lab/callbacks.o -o .lab/callbacks {_SHARED}"),
    "handler": (
        f'g++ -std=c++20 -O1 {_INCLUDE} -c "$DRIVERS/handler_driver.cpp" -o .lab/handler.o',
        f"g++ .lab/handler.o -o .lab/handler {_SHARED}"),
}


def library_words(products: tuple[str, ...]) -> dict[str, str]:
    """What the steps have to know of a library, from the files that its build leaves."""
    header, static, shared = (_ending(products, *ends)
                              for ends in ((".h", ".hpp"), (".a",), (".so",)))
    return {"INCLUDE": str(header.parent), "HEADER": header.name, "STATIC": str(static),
            "SHARED_FOLDER": str(shared.parent), "SHARED": shared.stem.removeprefix("lib")}


def _ending(files: tuple[str, ...], *ends: str) -> PurePosixPath:
    return next((PurePosixPath(file) for file in files if file.endswith(ends)), PurePosixPath())
