#!/bin/sh
# Builds the images that the demo, the tests and the benchmarks run, as OCI archives in out/fixtures/NAME.tar, from
# Debian packages alone. Same inputs give the same bytes, so digests are stable.
# Usage: rootfs-fixtures/build.sh [NAME]...   (default: all; an archive newer than its inputs is kept)
set -eu
cd "$(dirname "$0")/.."
here=$PWD/rootfs-fixtures
out=$PWD/out/fixtures
mkdir -p "$out"
work=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022
# shellcheck source=rootfs-fixtures/image.sh
. "$here/image.sh"

if [ $# -eq 0 ]; then set -- pause busybox web payload volumes; fi
for name in "$@"; do
  if [ ! -f "$here/$name/recipe.sh" ]; then
    echo "fixtures: no recipe '$name'; there are: $(cd "$here" && echo */ | tr -d /)" >&2
    exit 64
  fi
  archive=$out/$name.tar
  inputs="$here $PWD/Tests/Payload /bin/busybox"
  # shellcheck disable=SC2086 # a list of paths
  if [ -e "$archive" ] && [ -z "$(find $inputs -type f -newer "$archive" 2>/dev/null)" ]; then continue; fi
  (
    image_begin "$name"
    # shellcheck source=/dev/null
    . "$here/$name/recipe.sh"
  )
  echo "fixtures: out/fixtures/$name.tar"
done
