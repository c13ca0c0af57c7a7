#!/bin/sh
# The formatter's opinion of every C file. Skipped without clang-format.
command -v clang-format >/dev/null || exit 77
cd "$1" || exit 99
clang-format --dry-run -Werror src/*.[ch] include/twoview/*.h tests/*.[ch] tests/fuzz/*.[ch] tests/memory/*.c
