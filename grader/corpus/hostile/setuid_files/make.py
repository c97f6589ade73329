# Lays a copy of a shell beside the sources, as root's where that is allowed.
import os
import shutil

shutil.copy("/bin/true", "part_a/suid_true")
with open("part_a/suid.sh", "w", encoding="ascii") as file:
    file.write("#!/bin/sh -p\nid -u\n")
for name in ("part_a/suid_true", "part_a/suid.sh"):
    os.chmod(name, 0o6755)
os.chmod("part_a", 0o7777)
