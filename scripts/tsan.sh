#!/bin/bash
# Unit suites under ThreadSanitizer, from a build of their own in .build-tsan (podshim is left out: it is single-threaded and static).
# Usage: scripts/tsan.sh [FILTER]   (a regular expression over Target.Suite/test; default: the suites with threads of their own)
set -euo pipefail
cd "$(dirname "$0")/.."
filter=${1:-^(LinuxSystemTests|StoreTests|KubeletTests|KubeletServerTests|CRIServiceTests|GRPCTransportTests|PodRuntimeTests|PodNetworkTests|TestSupportTests)}
scratch=.build-tsan
# What is fetched once is not fetched twice.
if [ ! -d "$scratch" ] && [ -d .build/checkouts ]; then
  mkdir -p "$scratch"
  cp -a .build/checkouts .build/repositories .build/workspace-state.json "$scratch/"
fi
export SWIFTLET_SANITIZED=1
swift build --build-tests --sanitize=thread --scratch-path "$scratch" -j "${JOBS:-$(nproc)}"
mkdir -p out/test
suppressions=$PWD/scripts/tsan-suppressions.txt
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 history_size=4 suppressions=$suppressions ${TSAN_OPTIONS:-}"
for program in "$scratch"/debug/*PackageTests.xctest; do
  "$program" --testing-library swift-testing --filter "$filter" 2>&1 | tee out/test/tsan.log | grep -vE 'Test (case|".*") .*started'
  exit "${PIPESTATUS[0]}"
done
