#!/usr/bin/env bash
# Prints a Python that has what the grader needs; installs what is missing, and says what.
# usage: grader/bootstrap.sh [check|images|unsafe]   `check` asks for what maintainers need as well,
#                                                    `images` for what takes the pictures,
#                                                    `unsafe` not for the sandbox and its tools
set -euo pipefail

modules=(pytest pexpect rich jinja2 seccomp jsonschema 'tomllib|tomli')
commands=(g++:g++ make:make bwrap:bubblewrap ip:iproute2 nc:netcat-openbsd telnet:telnet)
[ "${1:-}" != unsafe ] || commands=(g++:g++ make:make)
if [ "${1:-}" = check ]; then
    commands+=(patch:patch ccache:ccache shellcheck:shellcheck clang-format:clang-format clang-tidy:clang-tidy mypy:mypy)
    commands+=(/usr/include/gtest/gtest.h:libgtest-dev /usr/include/histedit.h:libedit-dev)
    modules+=(pyte 'xdist|pytest-xdist')
fi
if [ "${1:-}" = images ]; then
    modules+=(pyte)
    commands+=(rsvg-convert:librsvg2-bin pngquant:pngquant unshare:util-linux)
    commands+=(/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf:fonts-dejavu-core)
fi

give_up() { echo "bootstrap: $1" >&2; exit 1; }

# Prints the modules that the Python $1 lacks; `a|b` is there when a or b is. Imports none: 30 ms.
lacking() {
    "$1" -c 'import sys; from importlib.util import find_spec
if sys.version_info < (3, 10): print(*sys.argv[1:])
else: print(*(m for m in sys.argv[1:] if not any(map(find_spec, m.split("|")))))' \
        "${modules[@]}" 2>/dev/null || echo "${modules[@]}"
}

find_python() {
    for python in /usr/bin/python3 "$(command -v python3 || true)"; do
        if [ -x "$python" ] && [ -z "$(lacking "$python")" ]; then return; fi
    done
    python=
}

packages_wanted() {
    wanted=()
    for pair in "${commands[@]}"; do
        what=${pair%:*}
        [[ $what = /* && -e $what ]] || command -v "$what" >/dev/null || wanted+=("${pair#*:}")
    done
    [ -n "$python" ] && return
    for module in $(lacking /usr/bin/python3); do wanted+=("python3-${module#*|}"); done
}

find_python
packages_wanted
if [ ${#wanted[@]} -gt 0 ]; then
    # The client's line editor is welcome, but nothing fails without it.
    [[ -e /usr/include/histedit.h || ${wanted[*]} = *libedit* ]] || wanted+=(libedit-dev)
    echo >&2 "Not installed yet: ${wanted[*]}"
    command -v apt-get >/dev/null ||
        give_up "no apt-get here; install them (names as in Debian) with your system's own tool"
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)
    [ "$(id -u)" != 0 ] || as_root=(env)
    install="apt-get install -y --no-install-recommends ${wanted[*]}"
    command -v "${as_root[0]}" >/dev/null || give_up "as root, type: apt-get update && $install"
    if [ -t 0 ] && [ -z "${CI:-}${YES:-}" ]; then
        read -r -p "Install them now? [Y/n] " answer >&2
        [[ $answer =~ ^([yY].*)?$ ]] || give_up "nothing installed; as root, type: $install"
    fi
    "${as_root[@]}" sh -c "apt-get update -q && DEBIAN_FRONTEND=noninteractive $install" >&2 ||
        give_up "that did not work; as root, type: apt-get update && $install"
    find_python
    packages_wanted
fi
[ -n "$python" ] || give_up "no Python from 3.10 on that has ${modules[*]}"
[ ${#wanted[@]} = 0 ] ||
    give_up "installed, but no folder of PATH has what ${wanted[*]} brings; PATH is $PATH"
echo "$python"
