# Names that a careless reader would obey.
import os

NAMES = [b"new\nline", b"\x1b]0;owned\x07\x1b[2J", b"\xff\xfe\x80", b"a" * 255, b"-rf", b"--help", b"*", b" ",
         b"$(touch hostile-was-here)", b"`id`", b"<script>alert(1)</script>".replace(b"/", b"\xe2\x88\x95"),
         b"=1+1", b"tab\there", "\u202eoffp.exe".encode(), b"a;b", b"con", b"...", b"\\", b"'\"", b"%s%n"]
for name in NAMES:
    with open(os.path.join(b"part_a", name), "wb") as file:
        file.write(b"odd\n")
    os.mkdir(b"part_a/folder-" + name[:240])
