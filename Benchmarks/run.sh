#!/bin/bash
# `make bench`: the floor, crun, runc, containerd and Swiftlet on this machine, in one run, as one table.
# Usage: Benchmarks/run.sh [floor] [runtimes] [containerd] [swiftlet]   (default: all)
#   RUNS=100 per measurement, PODS=50 for the memory part, STATIC_PODS="50 100 500 900". Results stay in out/bench/results.
# Everything runs in directories, mount and network namespaces of its own and is ended by process id.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
bench=$top/out/bench
runs=${RUNS:-100}
pods=${PODS:-50}
image=localhost/busybox:latest
# shellcheck source=Benchmarks/library.sh
. Benchmarks/library.sh
if [ "$(id -u)" -ne 0 ]; then echo "bench: needs root" >&2; exit 77; fi
if [ $# -eq 0 ]; then set -- floor runtimes containerd swiftlet; fi
prepare
failed=0
for part in "$@"; do
  case $part in
    floor | runtimes | containerd | swiftlet) ;;
    *) echo "bench: unknown part '$part' (floor, runtimes, containerd, swiftlet)" >&2; exit 64 ;;
  esac
  echo "bench: $part" >&2
  # A subshell with its own clean-up: one part that fails must not take the others' results away.
  if ! bash -euo pipefail "Benchmarks/parts/$part.sh" "$bench" "$runs" "$pods" "$image"; then
    echo "bench: $part FAILED" >&2
    failed=1
  fi
done
table
exit $failed
