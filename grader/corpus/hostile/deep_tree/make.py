# Goes down and down.
import os

for _ in range(3000):
    os.mkdir("deeper")
    os.chdir("deeper")
