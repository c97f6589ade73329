// Does nothing at run time: the Makefile has done it already.
