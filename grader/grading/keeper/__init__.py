"""Without namespaces: starts one command behind what walls there are, and surely ends it."""
