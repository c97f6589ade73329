// Does nothing at run time: what there is to see is elsewhere.
