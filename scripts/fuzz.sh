#!/bin/bash
# Runs the fuzz targets (suites named `Fuzz: ...`) with inputs that follow from a seed. A failure prints its seed and number; an input that
# ends the process is kept in out/fuzz/TARGET.input.
# Usage: FUZZ_SECONDS=10 FUZZ_SEED=N scripts/fuzz.sh [FILTER]   (seconds for each target; a new seed where none is given)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export SWIFTLET_FUZZ_SECONDS=${FUZZ_SECONDS:-10}
export SWIFTLET_FUZZ_SEED=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM))}
export SWIFTLET_FUZZ_DIRECTORY=$PWD/out/fuzz
filter=${1:-Fuzz}
mkdir -p "$SWIFTLET_FUZZ_DIRECTORY"
echo "fuzz: seed $SWIFTLET_FUZZ_SEED, $SWIFTLET_FUZZ_SECONDS s for each target"
for program in .build/debug/*PackageTests.xctest; do
  "$program" --testing-library swift-testing --no-parallel --filter "$filter" </dev/null 2>&1 |
    cut -c1-400 | tee "$SWIFTLET_FUZZ_DIRECTORY/log" | grep -vaE 'Test (case|".*") .*started|^.{0,8}Suite .* started'
  code=${PIPESTATUS[0]}
  if [ "$code" -ne 0 ]; then
    echo "fuzz: FAILED with status $code; again with: FUZZ_SEED=$SWIFTLET_FUZZ_SEED FUZZ_SECONDS=$SWIFTLET_FUZZ_SECONDS make fuzz" >&2
  fi
  exit "$code"
done
echo "fuzz: no test bundle in .build/debug: run 'make build'" >&2
exit 1
