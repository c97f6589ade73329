#!/usr/bin/env bash
# Grades every submission in a folder: folders and archives.
# usage: grader/run_all.sh [SUBMISSIONS] [-o RESULTS] [-j N] [--profile NAME]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/bootstrap.sh")
PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 exec "$python" -m grading.run_all "$@"
