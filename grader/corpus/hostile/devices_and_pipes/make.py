# Makes what is neither a file nor a folder; devices where that is allowed.
import os
import socket

os.mkfifo("part_a/pipe")
os.mkfifo("part_a/zz.h")
socket.socket(socket.AF_UNIX).bind("part_a/socket")
for name, number in (("zero", 5), ("null", 3), ("mem", 1)):
    try:
        os.mknod(f"part_a/{name}", 0o20666, os.makedev(1, number))
        os.mknod(f"part_a/disk_{name}", 0o60666, os.makedev(8, number))
    except PermissionError:
        pass
