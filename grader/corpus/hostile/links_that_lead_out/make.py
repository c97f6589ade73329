# Lays links to whatever lies outside, of every kind.
import os

outside = {"secret": os.environ["HOST_SECRET"], "grader": os.environ["HOST_GRADER"],
           "results": os.environ["HOST_RESULTS"], "root": "/", "up": "../../..", "shadow": "/etc/shadow",
           "other": "../../000-honest/part_a/server.c", "self": "self", "proc": "/proc/self/environ",
           "long": "../part_a/" * 40 + "../../../secret", "null": "/dev/zero", "tty": "/dev/tty"}
for name, goal in outside.items():
    os.symlink(goal, f"part_a/{name}")
os.symlink("..", "part_a/step")
os.symlink("step/../../secret", "part_a/climbs")
