# What is linked so is a file like any other: it must stay as it is, whatever the program does.
import os

os.link(os.environ["HOST_SECRET"], "part_a/linked")
