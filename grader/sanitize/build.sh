#!/bin/sh
# Runs a build command with a sanitizer in it, whatever the Makefile says: build.sh FLAGS COMMAND...
#
# Every compiler that PATH knows gets compiler.sh in front of its name; one that a Makefile calls by
# its full path is called by its name instead.
set -eu
flags=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
names=$(mktemp -d)
compiler='([a-z0-9_]+-linux-gnu-)?(g\+\+|gcc|cc|c\+\+|clang|clang\+\+|c89|c99)(-[0-9.]+)?'

gcc -O1 -g -c "$here/hooks.c" -o "$names/hooks.o"
(
    IFS=:
    for folder in $PATH; do
        find "$folder" -maxdepth 1 -regextype posix-extended -regex ".*/$compiler" \
            -exec basename {} \; 2>/dev/null || true
    done
) | sort -u | while read -r name; do
    ln -s "$here/compiler.sh" "$names/$name"
done
printf "flags='%s'\nreal_path='%s'\n" "$flags" "$PATH" >"$names/settings"
printf '#!/bin/sh\n' >"$names/strip"  # a program's names are what a report tells
chmod +x "$names/strip"

find . -type f \( -iname 'makefile*' -o -name 'GNUmakefile' -o -name '*.mk' -o -name '*.sh' \
    -o -name 'CMakeLists.txt' \) \
    -exec sed -Ei "s#(^|[^A-Za-z0-9_./-])(/usr(/local)?)?/bin/($compiler|strip)([^A-Za-z0-9_.+-]|\$)#\1\4\8#g" {} +
PATH=$names:$PATH exec "$@"
