# The whole lab: `make help` lists the targets.
# BEGIN SOLUTION
# One graph: every object, library, program and test.
#
# Variants are folders: a plain build lives in build/plain, `make SAN=thread` in build/thread.
# CXX, CPPFLAGS, CXXFLAGS, LDFLAGS and LDLIBS belong to you, as everywhere in the GNU world.

CXX      ?= g++
CXXFLAGS ?= $(if $(SAN),$(QUICKLY),-O2 -g)
QUICKLY  := -O0 -g1
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(CI),-Werror)
SAN      :=
BUILD    := build/$(or $(SAN),plain)
COMPILE   = $(CXX) -std=c++20 -pthread -fPIC -I. $(WARNINGS) $(SANITIZE) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP
LINK      = $(CXX) -pthread $(SANITIZE) $(LDFLAGS)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
# Sanitized programs stay in their build folder; plain ones lie where people look for them.
OUT      := $(if $(SAN),$(BUILD)/,)

objects = $(patsubst %.cpp,$(BUILD)/%.o,$(wildcard $(1)))

# The client edits lines with libedit where that is installed; `make LIBEDIT=` does without.
LIBEDIT      := $(shell echo '\#include <histedit.h>' | $(CXX) -E -x c++ - >/dev/null 2>&1 && echo -ledit)
WITH_LIBEDIT := $(addprefix part_a/,line_editor.cpp terminal_console.cpp tests/terminal_console_test.cpp)
$(BUILD)/part_a/console.o: COMPILE += $(if $(LIBEDIT),-DLAB_LIBEDIT)
# Part A: every file but the two with a main() is shared by the server, the client and the tests.
PART_A_CORE := $(call objects,$(filter-out part_a/server.cpp part_a/client.cpp $(if $(LIBEDIT),,$(WITH_LIBEDIT)),\
                 $(wildcard part_a/*.cpp)))
PART_A_TESTS := $(call objects,$(filter-out $(if $(LIBEDIT),,$(WITH_LIBEDIT)),$(wildcard part_a/tests/*.cpp)))
# Part B: the two facades are thin; everything else is the proactor and the room it serves by default.
PART_B_CORE := $(call objects,$(filter-out part_b/proactor_c.cpp part_b/st_proactor.cpp,$(wildcard part_b/*.cpp)))
# Bonus: as Part A.
BONUS_CORE  := $(call objects,$(filter-out bonus/server.cpp bonus/client.cpp,$(wildcard bonus/*.cpp)))
COMMON      := $(call objects,common/*.cpp)
TESTS       := $(foreach part,common part_a part_b bonus,$(BUILD)/$(part)/unit_tests)

.PHONY: all part_a part_b part_c bonus unit test hint replay watch rubric doctor docs check-docs accuracy flake races images check bench-bonus bonus-stress lint format clean help bootstrap
.DELETE_ON_ERROR:
.SECONDARY:

all: part_a part_b part_c bonus  ## build every program and library (the default)

part_a: $(OUT)part_a/server $(OUT)part_a/client $(if $(SAN),,server)  ## the threaded chat server and the client
part_b: $(OUT)part_b/libproactor.a $(OUT)part_b/libproactor.so $(OUT)part_b/libst_proactor.so  ## the proactor libraries
part_c: $(OUT)part_c/main $(OUT)part_c/st_proactor  ## the chat servers on the proactor
bonus: $(OUT)bonus/server $(OUT)bonus/client  ## messages through shared memory: the server and the client

server:
	ln -sf part_a/server server

$(BUILD)/%.o: %.cpp
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# Every test begins with the same large header: it is parsed once, and kept.
$(BUILD)/%_test.o $(BUILD)/gtest.hpp.gch: CXXFLAGS := $(QUICKLY)
$(BUILD)/%_test.o: %_test.cpp $(BUILD)/gtest.hpp.gch
	@mkdir -p $(@D)
	$(COMPILE) -include $(BUILD)/gtest.hpp -c -o $@ $<
$(BUILD)/gtest.hpp.gch: $(wildcard /usr/include/gtest/*.h)
	@mkdir -p $(@D) && echo '#include <gtest/gtest.h>' >$(basename $@)
	$(COMPILE) -x c++-header -o $@ $(basename $@)

# An archive is made anew, so that an object which has left the tree leaves the archive too.
ARCHIVE = rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libcommon.a: $(COMMON)
	$(ARCHIVE)
$(BUILD)/part_a/libcore.a: $(PART_A_CORE)
	$(ARCHIVE)
$(BUILD)/part_b/libcore.a: $(PART_B_CORE)
	$(ARCHIVE)
$(BUILD)/bonus/libcore.a: $(BONUS_CORE)
	$(ARCHIVE)

$(OUT)part_a/server: $(BUILD)/part_a/server.o $(BUILD)/part_a/libcore.a $(BUILD)/libcommon.a
	$(LINK) -o $@ $^ $(LDLIBS)
$(OUT)part_a/client: $(BUILD)/part_a/client.o $(BUILD)/part_a/libcore.a $(BUILD)/libcommon.a
	$(LINK) -o $@ $^ $(LIBEDIT) $(LDLIBS)

# The shared libraries export the facade alone: what comes out of an archive stays inside.
$(OUT)part_b/libproactor.a: $(BUILD)/part_b/proactor_c.o $(PART_B_CORE) $(COMMON)
	$(ARCHIVE)
$(OUT)part_b/libproactor.so: $(BUILD)/part_b/proactor_c.o $(BUILD)/part_b/libcore.a $(BUILD)/libcommon.a
	$(LINK) -shared -Wl,--exclude-libs,ALL -o $@ $^ $(LDLIBS)
$(OUT)part_b/libst_proactor.so: $(BUILD)/part_b/st_proactor.o $(BUILD)/part_b/libcore.a $(BUILD)/libcommon.a
	$(LINK) -shared -Wl,--exclude-libs,ALL -o $@ $^ $(LDLIBS)

# $ORIGIN: the program finds its library beside it, wherever the tree has been copied to.
RPATH = -Wl,-rpath,'$$ORIGIN/../part_b'
$(OUT)part_c/main: $(BUILD)/part_c/main.o $(BUILD)/libcommon.a $(OUT)part_b/libproactor.so
	$(LINK) -o $@ $(filter-out %.so,$^) -L$(OUT)part_b -lproactor $(RPATH) $(LDLIBS)
$(OUT)part_c/st_proactor: $(BUILD)/part_c/st_proactor.o $(BUILD)/libcommon.a $(OUT)part_b/libst_proactor.so
	$(LINK) -o $@ $(filter-out %.so,$^) -L$(OUT)part_b -lst_proactor $(RPATH) $(LDLIBS)

$(OUT)bonus/server: $(BUILD)/bonus/server.o $(BUILD)/bonus/libcore.a $(BUILD)/libcommon.a
	$(LINK) -o $@ $^ $(LDLIBS)
$(OUT)bonus/client: $(BUILD)/bonus/client.o $(BUILD)/bonus/libcore.a $(BUILD)/libcommon.a
	$(LINK) -o $@ $^ $(LDLIBS)

# One test program per folder, linked with the objects it tests.
$(BUILD)/common/unit_tests: $(call objects,common/tests/*.cpp) $(BUILD)/libcommon.a
$(BUILD)/part_a/unit_tests: $(PART_A_TESTS) $(BUILD)/part_a/libcore.a $(BUILD)/libcommon.a
$(BUILD)/part_b/unit_tests: $(call objects,part_b/tests/*.cpp) $(BUILD)/part_b/proactor_c.o $(BUILD)/part_b/st_proactor.o \
                            $(BUILD)/part_b/libcore.a $(BUILD)/libcommon.a
# The bonus's tests start its programs, too: these lie beside the ones that they were built with.
$(BUILD)/bonus/unit_tests: $(call objects,bonus/tests/*.cpp) $(BUILD)/bonus/libcore.a $(BUILD)/libcommon.a \
                           | $(OUT)bonus/server $(OUT)bonus/client
$(BUILD)/bonus/tests/%.o: COMPILE += -DLAB_PROGRAMS='"$(OUT)bonus/"'
$(TESTS):
	$(LINK) -o $@ $^ $(LIBEDIT) -lgtest -lgtest_main $(LDLIBS)

# What is measured, or takes minutes: of the bonus, in processes that are forked.
BENCH_BONUS := $(call objects,$(filter-out bench/shm_messages.cpp bench/shm_stress.cpp,$(wildcard bench/*.cpp))) \
               $(BUILD)/bonus/libcore.a $(BUILD)/libcommon.a
$(BUILD)/bench/shm_messages $(BUILD)/bench/shm_stress: %: %.o $(BENCH_BONUS) | $(OUT)bonus/server
	$(LINK) -o $@ $^ $(LDLIBS)

bench-bonus: $(BUILD)/bench/shm_messages  ## messages through shared memory beside Unix-domain sockets
	$< $(OUT)bonus/server

bonus-stress: $(BUILD)/bench/shm_stress  ## 1,000 clients killed, and 100,000 messages of 100 clients (SEED=n)
	$< $(OUT)bonus/server $(SEED)

unit: $(TESTS:=.passed)  ## the reference's own unit tests (SAN=thread, SAN=address,undefined)
.PHONY: $(TESTS:=.passed)
$(TESTS:=.passed): %.passed: %
	@said=$$($< --gtest_brief=1 2>&1) && passed=true || passed=false; echo "== $<"; echo "$$said"; $$passed

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
# END SOLUTION

# What is written in Python runs on the interpreter that bootstrap.sh finds, or installs.
GRADING = python=$$(grader/bootstrap.sh $(if $(findstring --allow-unsafe,$(ARGS)),unsafe)) && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=grader $$python -m
BY      = $(if $(PROFILE),--profile '$(PROFILE)')
CHOICE  = $(if $(PART),--part '$(PART)') $(if $(T),--check '$(T)') $(BY)

test:  ## build and grade this tree, and show the score card (PART=part_a, T=name or pattern, PROFILE=name)
	@$(GRADING) grading.test_command $(CHOICE) $(ARGS)

hint:  ## one more hint for what fails (T=name; LEVEL=1, 2 or 3)
	@$(GRADING) grading.hint_command $(if $(T),--check '$(T)') $(if $(LEVEL),--level '$(LEVEL)')

replay:  ## the scene of a check once more, slowly (T=name, PART=part_a, SEED=n, PACE=0.7, SUBMISSION=folder)
	@$(GRADING) grading.replay_command $(CHOICE) $(if $(PACE),--pace '$(PACE)') \
	    $(if $(SEED),--seed '$(SEED)') $(if $(SUBMISSION),--submission '$(SUBMISSION)') $(ARGS)

watch:  ## grade again whenever a file of yours changes, until Ctrl-C (PART=part_a, T=name)
	@$(GRADING) grading.watch_command $(CHOICE) $(ARGS)

rubric:  ## what is graded: every promise and what it is worth (PART=part_a, PROFILE=name)
	@$(GRADING) grading.report.rubric $(if $(PART),--part '$(PART)') $(BY) $(ARGS)

doctor:  ## what this machine can judge, and what to do about the rest
	@python=$$(grader/bootstrap.sh unsafe) && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=grader $$python -m grading.report.doctor

submission:  ## pack what is handed in, and try whether it builds (NAME=yours)
	@$(GRADING) grading.hand_in $(if $(NAME),--name '$(NAME)') $(ARGS)

# BEGIN SOLUTION
docs:  ## write what is generated in the documents: the clause table, the sheets' rubrics
	@$(GRADING) documents --write

check-docs:  ## are the documents true: generated parts, labels, links, names, commands
	@$(GRADING) documents

handout:  ## write what students get (DIR=/path/of/a/new/folder), and an archive of it
	@$(GRADING) grading.handout.command '$(DIR)'

handout-check:  ## prove the handout: it builds, scores as stated, and gives nothing away
	@$(GRADING) pytest -q -p no:cacheprovider grader/tests/test_handout.py grader/tests/test_handout_gate.py

# The corpus needs more than grading does: patch, and ccache where there is one.
MEASURING = python=$$(grader/bootstrap.sh check) && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=grader $$python -m

accuracy:  ## grade the corpus of known programs and write docs/accuracy.md (ONLY=pattern)
	@$(MEASURING) accuracy $(CHOICE) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

flake:  ## the same verdicts again and again, also on a busy machine (ONLY=pattern)
	@$(MEASURING) accuracy.flake $(CHOICE) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

hostile:  ## grade the hostile submissions on every sandbox there is; nothing may be left (ONLY=pattern)
	@$(MEASURING) accuracy.hostile $(if $(ONLY),--only '$(ONLY)') $(ARGS)

races:  ## how often data races are found, in 32 schedules of threads (ONLY=pattern)
	@$(MEASURING) accuracy.races $(if $(PART),--part '$(PART)') $(BY) $(if $(ONLY),--only '$(ONLY)') $(ARGS)

images: all  ## take the pictures of the documents anew, from real runs
	@python=$$(grader/bootstrap.sh images) && take="$$python -B images/make_images.py" && \
	unshare --map-root-user --net sh -c "ip link set lo up && $$take threaded_chat proactor_chat" && \
	$$take score_card failure

check:  ## everything: lint, unit tests with each sanitizer, the grader's tests, samples, this tree
	@grader/check.sh

SOURCES = $(wildcard $(foreach folder,common part_a part_b part_c bonus bench grader/drivers grader/sanitize,\
            $(addprefix $(folder)/,*.cpp *.hpp *.h tests/*.cpp tests/*.hpp)))

lint:  ## formatting, widths, mistakes in C++, shell scripts, who includes whom, Python types; changes nothing
	@python=$$(grader/bootstrap.sh check) && \
	{ clang-format --dry-run -Werror $(SOURCES) 2>&1 || echo "make format lays the sources out"; } | \
	    { ! grep -E "error:|make format"; } && shellcheck $(wildcard grader/*.sh grader/sanitize/*.sh .ci/run) && \
	$$python grader/lint_includes.py && $$python grader/lint_width.py && $$python grader/lint_cpp.py $(TIDY) && \
	cd grader && mypy="$$python -m mypy --strict --ignore-missing-imports \
	    --allow-untyped-decorators --no-error-summary" && \
	$$mypy grading accuracy documents checks lint_*.py tests/*.py && \
	(cd tests/inside && MYPYPATH=../.. $$mypy *.py) && \
	cd ../images && $$mypy *.py

format:  ## lay out the C++ sources
	clang-format -i $(SOURCES)

# END SOLUTION

bootstrap:  ## install what building and grading need (asks first; YES=1 does not)
	@grader/bootstrap.sh >/dev/null

# BEGIN SOLUTION
clean:  ## remove everything that was built
	rm -rf build server part_a/server part_a/client part_b/*.a part_b/*.so \
	    part_c/main part_c/st_proactor bonus/server bonus/client
# END SOLUTION

help:  ## this list
	@sed -n 's/^\([a-z_-]*\):.*  ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12
