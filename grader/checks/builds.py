"""Does the part build? Everything else needs that."""

from grading.shortfall import Shortfall
from grading.theatre import Theatre


def check_builds(theatre: Theatre) -> None:
    """`make` in the part's folder builds what the sheet names."""
    must_exist(theatre, theatre.target.products)
    for driver in theatre.target.drivers[:1]:
        theatre.driver(driver)


def check_builds_the_client(theatre: Theatre) -> None:
    """`make -C part_a` builds part_a/client."""
    must_exist(theatre, (theatre.target.client,))


def must_exist(theatre: Theatre, files: tuple[str, ...]) -> None:
    """Raises Shortfall for files the build has not left."""
    missing = [file for file in files if not theatre.has(file)]
    if missing:
        build = theatre.build
        raise Shortfall(f"After the build there is no {' and no '.join(missing)}.",
                        expected=f"the build leaves {', '.join(files)}",
                        actual=build.limit_hit or f"make ended with status {build.status}",
                        detail=build.log)
