"""What is shown and written of a Report: everything here is derived from it and from lab.toml."""
