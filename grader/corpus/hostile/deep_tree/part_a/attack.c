// Is never compiled.
