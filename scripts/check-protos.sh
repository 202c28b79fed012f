#!/bin/sh
# Is Sources/CRIProto what scripts/generate-protos.sh made from Protos/*.proto? Compares sums, so that no protoc is needed.
# With --record: writes the sums.
set -eu
cd "$(dirname "$0")/.."
sums=Protos/generated.sha256
files='Protos/*.proto scripts/generate-cri-proto.py scripts/generate-protos.sh Sources/CRIProto/*.pb.swift'
if [ "${1:-}" = --record ]; then
  # shellcheck disable=SC2086
  sha256sum $files > "$sums"
  exit
fi
if ! sha256sum --check --quiet --strict "$sums"; then
  echo "Sources/CRIProto is not what scripts/generate-protos.sh makes of Protos: run it and commit the result" >&2
  exit 1
fi
# shellcheck disable=SC2086
set -- $files
if [ "$#" -ne "$(wc -l < "$sums")" ]; then
  echo "a file was added or removed beside those $sums names: run scripts/generate-protos.sh" >&2
  exit 1
fi
