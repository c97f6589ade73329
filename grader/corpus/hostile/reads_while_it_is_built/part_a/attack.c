// Does nothing at run time: the Makefile has looked already.
