#!/bin/sh
# Runs a build command with a sanitizer in it, whatever the Makefile says: build.sh FLAGS COMMAND...
#
# Every compiler that PATH knows gets compiler.sh in front of its name; one that a Makefile calls by
# its full path is called by its name instead. What the compiled sources say about sanitizers is
# listed in .lab/looks_away afterwards, a line for each file.
set -eu
flags=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
top=$(pwd)
names=$(mktemp -d)
compiler='([a-z0-9_]+-linux-gnu-)?(g\+\+|gcc|cc|c\+\+|clang|clang\+\+|c89|c99)(-[0-9.]+)?'
before='(^|[^A-Za-z0-9_./-])'
behind='([^A-Za-z0-9_.+-]|$)'
words='no_sanitize|__SANITIZE_|(thread|address|leak)_sanitizer|__(asan|lsan|tsan|sanitizer)_'

case $flags in
*-fsanitize=thread*) schedule=$here/schedule.c ;;
*) schedule= ;;
esac
for source in "$here/hooks.c" ${schedule:+"$schedule"}; do
    name=${source##*/}
    gcc -O1 -g -c "$source" -o "$names/${name%.c}.part"
done
gcc -r -nostdlib "$names"/*.part -o "$names/hooks.o"
in_front=$(cat "$here/compiler.sh")
(
    IFS=:
    for folder in $PATH; do
        find "$folder" -maxdepth 1 -regextype posix-extended -regex ".*/$compiler" \
            -printf '%f\n' 2>/dev/null || true
    done
) | sort -u | while read -r name; do
    printf '%s\n' "$in_front" >"$names/$name"
done
printf "flags='%s'\nreal_path='%s'\n" "$flags" "$PATH" >"$names/settings"
printf '#!/bin/sh\n' >"$names/strip"  # a program's names are what a report tells
chmod +x "$names"/*
: >"$names/sources"

find . -type f \( -iname 'makefile*' -o -name 'GNUmakefile' -o -name '*.mk' -o -name '*.sh' \
    -o -name 'CMakeLists.txt' \) \
    -exec sed -Ei "s#$before(/usr(/local)?)?/bin/($compiler|strip)$behind#\1\4\8#g" {} +
status=0
PATH=$names:$PATH "$@" || status=$?

mkdir -p .lab
sed -e ':more' -e '/\\$/{N;s/\\\n//;b more' -e '}' "$names/sources" |
    awk '{ folder = $1; sub(/:$/, "/", folder)
           for (i = 2; i <= NF; ++i) print ($i ~ /^\// ? "" : folder) $i }' |
    sort -u | grep -F "$top/" | xargs -r -d '\n' grep -HnIEom1 "$words" >>.lab/looks_away || true
exit "$status"
