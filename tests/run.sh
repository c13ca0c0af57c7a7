#!/bin/sh
# All tests, from nothing: installs what is missing (Debian, root or sudo), builds, tests, tests the
# units and the whole program again under the address and undefined-behaviour sanitizers, and fuzzes
# what reads files.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
export LC_ALL=C.UTF-8

sh "$root/jobs/install.sh" check zlib1g-dev clang clang-format libclang-rt-dev shellcheck \
  hdf5-tools valgrind gnuplot-nox dataset-fashion-mnist python3 python3-numpy python3-scipy python3-h5py \
  python3-sklearn python3-pil python3-xarray python3-h5netcdf chromium slurm-wlm munge || exit 1
sh "$root/jobs/build.sh" "$root/build-tests" -Dwerror=true || exit 1
sh "$root/jobs/build.sh" "$root/build-sanitized" -Dbuildtype=debugoptimized -Dwerror=true \
  -Db_sanitize=address,undefined -Db_lundef=false || exit 1
CC=clang sh "$root/jobs/build.sh" "$root/build-fuzz" -Dbuildtype=debugoptimized -Dwerror=true \
  -Db_sanitize=address,undefined -Db_lundef=false -Dtests=false -Dfuzz=true || exit 1

log=$(mktemp) || exit 1
all=$(mktemp) || exit 1
trap 'rm -f "$log" "$all"' EXIT
status=0
processors=$(nproc)
# run_tests COUNT OPTION...: so many tests beside each other.
run_tests() {
  meson test --no-rebuild --print-errorlogs --num-processes "$@" >"$log" 2>&1 || status=1
  cat "$log"
  cat "$log" >>"$all"
}
run_tests $((processors + 2)) -C "$root/build-tests" # some wait more than they compute
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=abort_on_error=1 \
  run_tests $((processors + 1)) -C "$root/build-sanitized" --suite unit --suite sanitizers
run_tests "$processors" -C "$root/build-fuzz"

echo "The slowest tests, in seconds:"
sed -nE 's|^ *[0-9]+/[0-9]+ (.*[^ ]) +[A-Z]+ +([0-9.]+)s.*|\2 \1|p' "$all" | sort -u | sort -rn | head -n 10
awk -F: '
  /^(Ok|Expected Fail):/ { passed += $2 }
  /^(Fail|Unexpected Pass|Timeout):/ { failed += $2 }
  /^Skipped:/ { skipped += $2 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$all"
exit "$status"
