#!/usr/bin/env bash
# Everything that must hold before a change is good: stops at the first step that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset MAKEFLAGS MAKELEVEL  # each step is a make of its own
export LAB_QUICKLY=1  # what another step proves as well is not proved twice
export LAB_PROFILE=stock  # is what is proved here, whichever profile is the default
python=$(grader/bootstrap.sh check)
logs=build/check
rm -rf "$logs" && mkdir -p "$logs"
jobs=$(nproc)
# Some kernels place memory where ThreadSanitizer cannot have it, unless told not to shuffle.
plainly=()
if setarch -R true 2>/dev/null; then plainly=(setarch -R); fi

passed() {  # how many tests have passed, by what GoogleTest, pytest and run_all say
    cat "$logs"/*.log | awk '/^\[  PASSED  \]/ { n += $4 }
        / passed/ && / in [0-9.]+s/ { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n += $(i - 1) }
        /^[0-9]+ graded in / { n += $1 } END { print n + 0 }'
}

step() {  # step NAME COMMAND...: one line when it is well, the end of its output when it is not
    local name=$1 log="$logs/$1.log" start=$SECONDS
    shift
    printf '%-28s' "$name"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf 'ok  %4d s\n' $((SECONDS - start))
        return
    fi
    printf 'FAILED  %d s\n\n' $((SECONDS - start))
    tail -n 60 "$log"
    printf '\n%s failed; its whole output: %s\n%d passed, 1 failed\n' "$name" "$log" "$(passed)"
    exit 1
}

grading() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=grader "$python" -m "$@"; }

step lint make -s lint TIDY=--without-tests  # the whole takes minutes: `make lint`
step programs make -j"$jobs" all
step documents make -s check-docs
# Without a sanitizer, too, the programs are looked at below: by the grader.
step unit-thread "${plainly[@]}" make -j"$jobs" SAN=thread unit
step unit-address make -j"$jobs" SAN=address,undefined unit
# Side by side: most of these tests wait for a program. A file stays together, for its fixtures; those
# that take longest come first.
longest=(grader/tests/test_sandbox_inside.py grader/tests/test_handout_gate.py)
step grader-tests grading pytest -q -p no:cacheprovider -n $((jobs + 1)) --dist loadfile --durations=30 -rf \
    "${longest[@]}" grader/tests
# They wait more than they work. What the sanitizers say of them is asked by the grader's tests, and
# the scene that costs most, hundreds of threads in each, is played there with the sample that fails it.
step samples grader/run_all.sh --keep-objects -j $((2 * jobs)) --check '!no_[dm]*,serves_hundreds*' -o build/check/results
for profile in grader/other_samples/*/; do
    profile=$(basename "$profile")
    step "samples-$profile" grader/run_all.sh --keep-objects -j $((2 * jobs)) --check '!serves_hundreds*' \
        --profile "$profile" -o "build/check/results-$profile"
done
step accuracy-quick grading accuracy --quick
step this-tree grading grading.test_command --strict --keep-objects
printf '\nAll is well after %d s.\n%d passed, 0 failed\n' $SECONDS "$(passed)"
