#!/usr/bin/env bash
# Grades this tree's commit on a bare Debian 12 (git, make and certificates, nothing else), as root
# and as an ordinary user. usage, as root: grader/bare_debian.sh FOLDER [COMMAND]
#   FOLDER   where the root file system is made, and used again the next time (about 400 MB)
#   COMMAND  is run as root in a fresh clone instead of the whole trial, for a look around
set -euo pipefail
[[ $# = [12] ]] || { echo "usage: $0 FOLDER [COMMAND]" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "$0: only root may make and enter a root file system" >&2; exit 1; }
for tool in debootstrap git unshare pivot_root; do
    command -v "$tool" >/dev/null || { echo "$0: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$1" && cd "$1"
mirror=${MIRROR:-http://deb.debian.org/debian}
[ -e bare.tar ] || {
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm bare "$mirror"
    tar -cf bare.tar.part -C bare . && mv bare.tar.part bare.tar && rm -rf bare
}
rm -rf root && mkdir root && tar -xf bare.tar -C root
git clone -q --bare "$tree" root/srv/lab.git
cp /etc/resolv.conf root/etc/resolv.conf

# shellcheck disable=SC2016  # expanded by the shell inside
trial='
    set -e
    timed() { start=$(date +%s); "$@" >/tmp/log 2>&1 </dev/null || { tail -n 40 /tmp/log; echo "FAILED: $*"; exit 1; }
              echo "$(($(date +%s) - start)) s  $*"; grep -aE " of 100|graded in" /tmp/log || true; }
    cd /root && git clone -q /srv/lab.git lab && cd lab
    echo "as root, nothing installed yet:"
    timed make test; timed make test; timed grader/run_all.sh
    echo "as an ordinary user, on what root has installed:"
    useradd -m student && cd /
    su student -c "git config --global --add safe.directory /srv/lab.git; git clone -q /srv/lab.git ~/lab"
    as_student() { su student -c "cd ~/lab && $*"; }
    timed as_student make test; timed as_student make test; timed as_student grader/run_all.sh'
command=${2:-$trial}
# shellcheck disable=SC2016
enter='
    mount --make-rprivate /
    mount --bind root root && cd root
    mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount --rbind /dev dev
    mount -t tmpfs tmpfs tmp && mount -t tmpfs tmpfs run
    mkdir -p old && pivot_root . old && umount -l /old && rmdir /old && cd /
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 bash -c "$1"'
exec unshare --mount --pid --fork --uts --ipc --kill-child bash -euc "$enter" enter "$command"
