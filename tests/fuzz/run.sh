#!/bin/sh
# run.sh TARGET SEEDS: fuzz for FUZZ_SECONDS (15). Fails on a crash, a leak, or an input that takes
# more than FUZZ_TIMEOUT (60: machines are busy) seconds or 2 GiB, and leaves it in the working
# folder; `TARGET FILE` tries it again. What reaches new code is kept in TARGET.corpus there.
set -eu
target=$1
seeds=$2
shift 2
name=$(basename "$target")
mkdir -p "$name.corpus"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_ess_singleton_isolated=1
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self OPENBLAS_NUM_THREADS=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Blocks copied by HDF5 are not looked at (replace_intrin): its faults are to be survived as they
# would be without sanitizers.
options=allocator_may_return_null=1:max_allocation_size_mb=256:replace_intrin=0
export ASAN_OPTIONS=$options:quarantine_size_mb=8:abort_on_error=1:hard_rss_limit_mb=2048
LSAN_OPTIONS=suppressions=$(dirname "$0")/leaks.supp:print_suppressions=0
export LSAN_OPTIONS
[ ! -f "$seeds.dict" ] || set -- -dict="$seeds.dict"
exec nice "$target" "$@" -max_total_time="${FUZZ_SECONDS:-15}" -timeout="${FUZZ_TIMEOUT:-60}" \
  -rss_limit_mb=0 -max_len=65536 -print_final_stats=1 \
  -error_exitcode=1 -timeout_exitcode=1 -artifact_prefix="$name-" "$name.corpus" "$seeds"
