#!/bin/sh
# The formatter's opinion of every C file, and shellcheck's of every script. Skipped without them.
command -v clang-format >/dev/null || exit 77
command -v shellcheck >/dev/null || exit 77
cd "$1" || exit 99
shellcheck jobs/*.sh jobs/*.sbatch tests/*.sh tests/fuzz/*.sh || exit 1
clang-format --dry-run -Werror src/*.[ch] src/*/*.[ch] include/twoview/*.h include/twoview/*/*.h tests/*.c tests/support/*.[ch] tests/fuzz/*.[ch] \
  tests/memory/*.c
