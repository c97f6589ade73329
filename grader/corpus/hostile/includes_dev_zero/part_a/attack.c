// Is never linked.
