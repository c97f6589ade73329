"""What takes the pictures: a shell is typed into and waited for, a screen is drawn as it looks."""

from __future__ import annotations

import sys
from pathlib import Path

import pyte
import pytest
from sample_reports import GRADER

sys.path.insert(0, str(GRADER.parent / "images"))
from picture import to_svg  # noqa: E402  (the scripts beside the pictures are no package)
from terminal import Screen, Terminal  # noqa: E402


def test_a_command_is_typed_and_its_answer_waited_for(tmp_path: Path) -> None:
    with Terminal("shell", tmp_path, 40, 10) as shell:
        shell.run("echo $((6 * 7))", "\n42\n$")
        assert shell.text() == "$ echo $((6 * 7))\n42\n$"


def test_what_never_comes_is_told_with_the_screen(tmp_path: Path) -> None:
    with Terminal("shell", tmp_path, 40, 10) as shell:
        with pytest.raises(TimeoutError, match=r"shell: waited for 'the end', and saw:\n\$"):
            shell.wait_for("the end", patience=0)


def test_a_screen_is_drawn_with_its_colours() -> None:
    screen = Screen(30, 4)
    pyte.Stream(screen).feed("\033[1;31mbad\033[0m \033[2mfaint\033[22m <&>\r\nnext")
    drawing = to_svg(screen, "a > b", ["bad faint <&>", "next"])
    assert ' fill="#e5534b" font-weight="bold">bad</text>' in drawing
    assert ' opacity="0.6">faint</text>' in drawing
    assert " &lt;&amp;&gt;</text>" in drawing and ">a &gt; b</text>" in drawing
    assert drawing.count("<text ") == 5
