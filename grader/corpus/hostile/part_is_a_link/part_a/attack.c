// Does nothing: one part is as good as another.
