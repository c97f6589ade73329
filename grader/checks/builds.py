"""Does the part build? Everything else needs that."""

from grading.shortfall import Shortfall
from grading.theatre import Theatre

PRODUCTS = {
    "part_a": ("part_a/server",),
    "part_b": ("part_b/proactor.h", "part_b/libproactor.a", "part_b/libproactor.so"),
    "handler_api": ("part_b/st_proactor.hpp", "part_b/libst_proactor.so"),
}


def check_builds(theatre: Theatre) -> None:
    """`make` in the part's folder builds what the sheet names."""
    must_exist(theatre, PRODUCTS.get(theatre.target.name, theatre.target.command[:1]))
    if theatre.target.part == "part_b":
        theatre.driver("handler" if theatre.target.name == "handler_api" else "proactor_cpp")


def check_builds_the_client(theatre: Theatre) -> None:
    """`make -C part_a` builds part_a/client."""
    must_exist(theatre, ("part_a/client",))


def must_exist(theatre: Theatre, files: tuple[str, ...]) -> None:
    """Raises Shortfall for files the build has not left."""
    missing = [file for file in files if not theatre.has(file)]
    if missing:
        build = theatre.build
        raise Shortfall(f"After the build there is no {' and no '.join(missing)}.",
                        expected=f"the build leaves {', '.join(files)}",
                        actual=build.limit_hit or f"make ended with status {build.status}",
                        detail=build.log[-3000:])
