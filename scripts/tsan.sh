#!/bin/bash
# Unit suites under ThreadSanitizer, from a build of their own in .build-tsan (podshim is left out: it is single-threaded and static).
# Usage: scripts/tsan.sh [FILTER]   (a regular expression over Target.Suite/test; default: every unit suite but the fuzz targets)
set -euo pipefail
cd "$(dirname "$0")/.."
suites=(--experimental-maximum-parallelization-width $((2 * $(nproc))) --skip '^(Integration|NodeTests|FuzzTests)')
if [ $# -gt 0 ]; then suites+=(--filter "$1"); fi
scratch=.build-tsan
# What is fetched once is not fetched twice.
if [ ! -d "$scratch" ] && [ -d .build/checkouts ]; then
  mkdir -p "$scratch"
  cp -a .build/checkouts .build/repositories .build/workspace-state.json "$scratch/"
fi
export SWIFTLET_SANITIZED=1
swift build --build-tests --sanitize=thread --scratch-path "$scratch" -j "${JOBS:-$(nproc)}"
clang -O1 -g -shared -fPIC -Wall -Wextra -Werror -o "$scratch/tsan-mutex.so" scripts/tsan-mutex.c
mkdir -p out/test
suppressions=$PWD/scripts/tsan-suppressions.txt
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 history_size=4 suppressions=$suppressions ${TSAN_OPTIONS:-}"
for program in "$scratch"/debug/*PackageTests.xctest; do
  LD_PRELOAD=$PWD/$scratch/tsan-mutex.so "$program" --testing-library swift-testing "${suites[@]}" </dev/null 2>&1 |
    cut -c1-400 | tee out/test/tsan.log | grep -vaE 'Test (case|".*") .*started'
  code=${PIPESTATUS[0]}
  # A report of a process that a test started is a failure, too.
  if grep -q 'WARNING: ThreadSanitizer' out/test/tsan.log; then code=66; fi
  exit "$code"
done
echo "tsan: no test bundle in $scratch/debug" >&2
exit 1
