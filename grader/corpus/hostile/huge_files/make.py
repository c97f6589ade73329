# Sparse: it takes no room until somebody copies it.
import os

with open("part_a/huge.txt", "wb") as file:
    try:
        os.truncate(file.fileno(), 1 << 40)
    except OSError:
        os.truncate(file.fileno(), 1 << 31)
with open("part_a/large.txt", "wb") as file:
    os.truncate(file.fileno(), 20 << 20)
