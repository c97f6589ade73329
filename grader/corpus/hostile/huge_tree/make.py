# Many empty files.
for number in range(21000):
    open(f"part_a/{number}", "w", encoding="ascii").close()
