#!/bin/sh
# install.sh PACKAGE...: install the Debian packages that are missing. Does nothing, and needs no
# rights, when none is.
set -eu
missing=
for package in "$@"; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *' installed') ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
echo "installing:$missing" >&2
$as_root apt-get update -q >&2
# shellcheck disable=SC2086 # words on purpose
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -yq --no-install-recommends $missing >&2
