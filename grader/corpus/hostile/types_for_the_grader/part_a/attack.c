// Does nothing: the client does it.
