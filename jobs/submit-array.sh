#!/bin/sh
# submit-array.sh ARRAY.sbatch MERGE.sbatch: submit copies of array.sbatch and merge.sbatch, the
# second one to start when all tasks of the first are done. It is cancelled when one of them fails.
set -eu
array=$(sbatch --parsable "$1")
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes "$2")
echo "array ${array%%;*}, then ${merge%%;*}"
