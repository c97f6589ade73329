# Whoever reads the Makefile waits.
import os

os.unlink("part_a/Makefile")
os.mkfifo("part_a/Makefile")
