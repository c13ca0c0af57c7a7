#!/bin/sh
# build.sh [FOLDER [MESON OPTION...]]: install what the build needs (Debian) and build into FOLDER,
# by default build/.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/build}
[ $# -eq 0 ] || shift
sh "$root/jobs/install.sh" gcc libc6-dev git meson ninja-build pkg-config libopenmpi-dev \
  openmpi-bin libscalapack-openmpi-dev libhdf5-openmpi-dev libopenblas-dev librandom123-dev \
  libsleef-dev libyaml-dev libisal-dev libjansson-dev libssl-dev libcsv-dev libzip-dev \
  libpng-dev libturbojpeg0-dev libzimg-dev
[ -f "$folder/build.ninja" ] || meson setup "$folder" "$root" "$@" >&2
meson compile -C "$folder" >&2
