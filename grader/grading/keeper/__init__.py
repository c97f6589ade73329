"""Where there are no namespaces: starts one command behind what walls there are, and ends it for certain."""
