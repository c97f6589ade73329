"""Looks at a program from outside: threads, sockets, processor time, and when it has settled."""
