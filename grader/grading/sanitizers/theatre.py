"""The same target, built again with a sanitizer, on a stage of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grading.driver_steps import DRIVER_FOLDER
from grading.patience import Patience
from grading.program import Program
from grading.sandbox import Box, Confined, Limits, open_box
from grading.sanitizers import canary
from grading.sanitizers.reports import distinct, parse
from grading.sanitizers.run import plainly, read_text, written
from grading.sanitizers.tool import ADDRESS, EXIT_STATUS, HAS_LOOKED_FOR_LEAKS, Sanitizer
from grading.sanitizers.words import shortfall
from grading.shortfall import NotJudged, Shortfall
from grading.theatre import Theatre

# What a program calls, or defines, to tell a tool what not to see.
_TALKS = re.compile(r"__(lsan_(disable|enable|ignore_object|is_turned_off|default_\w+)|"
                    r"(asan|tsan|sanitizer)_(default_\w+|on_\w+|set_\w+|ignore_\w+|suppress\w*|"
                    r"unpoison_memory_region|turn_off\w*))|Annotate\w+|AnnotateIgnore\w+")
_IN_THE_RUNTIME = "__sanitizer_print_stack_trace"  # defined where it is linked statically (clang)
_MENTIONS = f"{DRIVER_FOLDER}/looks_away"  # build.sh writes it: file:line:what, of what it compiled


class WatchedTheatre(Theatre):
    """A theatre whose programs are built with a sanitizer and run under its eyes."""

    def __init__(self, plain: Theatre, tool: Sanitizer) -> None:
        """Raises NotJudged where the tool does not work on this machine.

        Raises Shortfall where the submission keeps the tool out.
        """
        self.sanitizer, self._runs, self._plain = tool, 0, plain
        if why := canary.why_not(tool, plain.builder.cache):
            raise NotJudged(why)
        box = open_box()
        plain.keep(box)
        part = plain.lab.parts[plain.target.part]
        build = plain.builder.build(part, box, tool)
        super().__init__(plain.target, box, build, plain.builder, plain.lab, Patience())
        plain.keep(self)
        self.transcript = plain.transcript
        self._prefix = plainly(box, ())
        self._must_be_watched(plain)

    def stop(self) -> None:
        """Ends all that runs."""
        self.close()

    def schedule(self, seed: int) -> None:
        """From now on threads take turns by this seed, 0: as they come; the transcript is new."""
        self.seed = seed
        self.transcript = self._plain.transcript = self._plain.new_transcript()

    def _spawn(self, box: Box, command: Sequence[str], limits: Limits, stdin: int) -> Confined:
        self._runs += 1
        return box.spawn((*self._prefix, *command), limits=limits.for_sanitizer(), stdin=stdin,
                         env=self.sanitizer.variables(box, self._runs, self.seed or 0))

    # -- is the tool in it? ----------------------------------------------------------------------

    def _files(self) -> list[str]:
        """The target's program, its library's shared object, its client: what runs in a scene."""
        target, libraries = self.target, [self.target]
        if target.library:
            libraries.append(self.lab.targets[target.library])
        programs = [*target.command[:1], *([target.client] if target.client else []),
                    *(f"{DRIVER_FOLDER}/{driver}" for driver in target.drivers)]
        return [*programs, *(file for library in libraries for file in library.products
                             if file.endswith(".so") and self.has(file))]

    def _must_be_watched(self, plain: Theatre) -> None:
        built = [file for file in self._files() if self.has(file)]
        tables = self.symbols_of(built) if built else {}
        for file in self._files():
            if plain.has(file) and not self.has(file):
                raise self._not_built(file)
            symbols = tables.get(file, set())
            if symbols and not any(self.sanitizer.mark.match(symbol) for symbol in symbols):
                raise Shortfall(f"{self.sanitizer.title} could not be built into {file}.",
                                expected="the Makefile calls its compiler by name: "
                                         "g++, gcc, $(CXX)",
                                actual="its code calls none of the tool's functions",
                                detail=self.build.log)
            talks = sorted(filter(_TALKS.fullmatch, symbols))
            if talks and _IN_THE_RUNTIME not in symbols:
                raise self._looks_away(f"{file} calls or defines {', '.join(talks)}")
        mentions = read_text(self.box.work / _MENTIONS)
        if mentions:
            place = mentions.splitlines()[0].removeprefix(f"{self.box.home}/")
            raise self._looks_away(place.replace(":", ", line ", 1))

    def _not_built(self, file: str) -> Shortfall | NotJudged:
        log = self.build.log
        if "clang" in log and (why := canary.why_not(self.sanitizer, self.builder.cache, "clang")):
            return NotJudged(why)
        return Shortfall(f"Built with {self.sanitizer.command}, there is no {file}.",
                         expected=f"what builds plainly builds with {self.sanitizer.title} too",
                         actual=self.build.limit_hit
                         or f"make ended with status {self.build.status}",
                         detail=log)

    def _looks_away(self, where: str) -> Shortfall:
        return Shortfall(f"The program tells {self.sanitizer.title} what not to see.",
                         expected="code that does not know which tool watches it", actual=where)

    # -- what has it seen? -----------------------------------------------------------------------

    def must_be_clean(self) -> None:
        """Raises Shortfall for what the tool has seen of the programs started so far."""
        programs = [program for program in self._running if isinstance(program, Program)]
        for run, program in enumerate(programs, 1):
            if reports := distinct(parse(written(self.box, run), self.box.home)):
                raise shortfall(self.sanitizer, reports, program.command[0].removeprefix("./"),
                                self.seed or 0)
            if program.exit_status == EXIT_STATUS[self.sanitizer.name]:
                raise Shortfall(f"{self.sanitizer.title} has reported something, but where is it?",
                                expected="its report stays where the tool has written it",
                                actual=program.how_it_ended, detail=program.last_words())

    def must_have_looked_for_leaks(self) -> None:
        """Raises Shortfall if a program that has ended kept the tool from looking for leaks."""
        programs = [program for program in self._running if isinstance(program, Program)]
        for run, program in enumerate(programs, 1):
            if self.sanitizer is ADDRESS and HAS_LOOKED_FOR_LEAKS not in written(self.box, run):
                raise Shortfall("The program's end kept LeakSanitizer from looking for leaks.",
                                expected="it returns from main(), or calls exit()",
                                actual=program.how_it_ended, detail=program.last_words())
