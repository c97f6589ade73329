"""How a server comes to listen on another port than it was given, as far as the port tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def how_come(wanted: int, listening: Sequence[int], kernels_choice: Collection[int]) -> str:
    """A sentence to add, with a blank before it; nothing where the number tells nothing.

    wanted: 0 if any port of the kernel's choice would have done.
    """
    swapped = (wanted & 0xFF) << 8 | wanted >> 8
    if not wanted or not listening:
        return ""
    if swapped in listening:
        return (f" {swapped} is {wanted} with its two bytes swapped: bind() takes a port "
                "in network byte order, as htons() gives it.")
    if all(port in kernels_choice for port in listening):
        return (" That is a free port of the kernel's choice, as listen() takes one "
                "when bind() has failed or was never called.")
    return ""
