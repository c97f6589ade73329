"""Looking at a program from outside: its threads, its sockets, its processor time, and when it has settled."""
