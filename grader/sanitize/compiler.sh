#!/bin/sh
# Stands in front of a compiler of the same name: adds the sanitizer, drops what would keep it out.
here=${0%/*}
# shellcheck disable=SC1091  # written by build.sh
. "$here/settings"
links=yes
for word; do
    shift
    case $word in
        -static* | -s | -g0 | -Wl,-s | -Wl,--strip-*) continue ;;
        -fsanitize* | -fno-sanitize* | -Werror*) continue ;;
        -c | -S | -E | -M | -MM | -shared | -r) links= ;;
        *.c | *.cc | *.cpp | *.cxx | *.C) printf '%s: %s\n' "$PWD" "$word" >>"$here/sources" ;;
    esac
    set -- "$@" "$word"
done
# shellcheck disable=SC2154  # from settings
PATH=$real_path
# gcc lists headers there, too. ccache does not know how, and is in front for our own programs only.
[ -n "${CCACHE_DIR:-}" ] || export DEPENDENCIES_OUTPUT="$here/sources $PWD"
# shellcheck disable=SC2086,SC2154  # flags: several words, from settings
# muldefs: a program may have a function of its own with a name that hooks.o has, too
exec "${0##*/}" "$@" $flags ${links:+"$here/hooks.o" -Wl,-z,muldefs}
