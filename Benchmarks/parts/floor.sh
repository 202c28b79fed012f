#!/bin/bash
# The bare system calls. Usage: floor.sh BENCH RUNS PODS IMAGE
set -euo pipefail
bench=$1 runs=$2
# shellcheck source=Benchmarks/library.sh
. Benchmarks/library.sh
for mode in process container pod; do
  line=$("$bench/bin/floor" "$mode" "$bench/rootfs" "$bench/scratch" "$runs")
  # shellcheck disable=SC2086 # MODE RUNS MIN P50 P99
  record floor $line
done
