#!/bin/sh
# All tests, from nothing: installs what is missing (Debian, root or sudo), builds, tests, tests the
# units and the whole program again under the address and undefined-behaviour sanitizers, and fuzzes
# what reads files.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
export LC_ALL=C.UTF-8

sh "$root/jobs/install.sh" check zlib1g-dev clang clang-format libclang-rt-dev shellcheck \
  hdf5-tools valgrind gnuplot-nox dataset-fashion-mnist python3 python3-numpy python3-h5py \
  python3-xarray python3-h5netcdf slurm-wlm munge || exit 1
sh "$root/jobs/build.sh" "$root/build-tests" -Dwerror=true || exit 1
sh "$root/jobs/build.sh" "$root/build-sanitized" -Dbuildtype=debugoptimized -Dwerror=true \
  -Db_sanitize=address,undefined -Db_lundef=false || exit 1
CC=clang sh "$root/jobs/build.sh" "$root/build-fuzz" -Dbuildtype=debugoptimized -Dwerror=true \
  -Db_sanitize=address,undefined -Db_lundef=false -Dtests=false -Dfuzz=true || exit 1

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
status=0
run_tests() {
  meson test --no-rebuild --print-errorlogs "$@" >"$log" 2>&1 || status=1
  cat "$log"
  totals="$totals
$(grep -E '^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout):' "$log")"
}
totals=
run_tests -C "$root/build-tests"
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=abort_on_error=1 \
  run_tests -C "$root/build-sanitized" --suite unit --suite sanitizers
run_tests -C "$root/build-fuzz"

echo "$totals" | awk -F: '
  /^(Ok|Expected Fail):/ { passed += $2 }
  /^(Fail|Unexpected Pass|Timeout):/ { failed += $2 }
  /^Skipped:/ { skipped += $2 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
exit "$status"
