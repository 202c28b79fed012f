#!/bin/bash
# Runs suites of the debug build. Usage: scripts/test.sh unit|integration|node|chaos...
# unit: every other test target. integration: targets named Integration*, as root, one test at a time. node: target
# NodeTests inside a virtual node. A privileged suite must run: no test, or one skipped, is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
mkdir -p out/test
export SWIFTLET_FIXTURES=${SWIFTLET_FIXTURES:-$PWD/out/fixtures}
failed=()

bundle() {
  local file
  for file in .build/debug/*PackageTests.xctest; do
    if [ -x "$file" ]; then echo "$PWD/$file"; return; fi
  done
  echo "test: no test bundle in .build/debug: run 'make build'" >&2
  return 1
}

# Usage: complete LOG   (fails when the log shows no test or a skipped one)
complete() {
  if ! grep -qE 'Test run with [1-9][0-9]* tests?' "$1"; then
    echo "test: no test ran" >&2
    return 1
  fi
  # The word after the name, not one in it.
  # What a kernel without FUSE cannot do is no fault of who runs the tests.
  if grep -E '^[^[:alnum:]]*(Test|Suite) ("[^"]*"|[A-Za-z0-9_]+(\([^)]*\))?) skipped' "$1" | grep -v '"needs FUSE"' >&2; then
    echo "test: skipped tests, as root" >&2
    return 1
  fi
}

# The test program is started directly, as `swift test --skip-build` does, without loading the package again.
# A few at once: with all of them each one's waits would be as long as the others' work.
unit() { "$program" --testing-library swift-testing --experimental-maximum-parallelization-width $((2 * $(nproc))) --skip '^Integration' --skip '^NodeTests'; }
# In a network namespace of its own: the bridges and rules that tests make are not this host's.
# With its loopback up: Foundation's Process waits for ever without one.
# shellcheck disable=SC2016 # expanded by the inner shell
isolated() { unshare --net -- sh -c 'busybox ip link set lo up && exec "$@"' sh "$program" --testing-library swift-testing --no-parallel "$@"; }
integration() { isolated --filter '^Integration'; }
# One storm of SWIFTLET_CHAOS_SECONDS; the integration suite has a short one.
chaos() { isolated --filter '^IntegrationAgent.*ChaosTests'; }
node() { NODE_TIMEOUT=${NODE_TIMEOUT:-1200} scripts/node-run.sh "$program" --testing-library swift-testing --no-parallel --filter '^NodeTests'; }

program=$(bundle) || exit 1
for suite in "$@"; do
  case $suite in
    unit | integration | node | chaos) ;;
    *) echo "test: unknown suite '$suite' (unit, integration, node, chaos)" >&2; exit 64 ;;
  esac
  if [ "$suite" != unit ] && [ "$(id -u)" -ne 0 ]; then
    echo "test: the $suite suite needs root" >&2
    failed+=("$suite")
    continue
  fi
  echo "== $suite tests"
  log=out/test/$suite.log
  started=$SECONDS
  # One line for each test; an argument may be a megabyte.
  "$suite" </dev/null 2>&1 | cut -c1-300 | grep -av --line-buffered 'Test case passing .* started' | tee "$log.part"
  code=${PIPESTATUS[0]}
  sed 's/\x1b\[[0-9;]*m//g' "$log.part" >"$log"
  rm -f "$log.part"
  # As root the unit suites run whole, too: some of their tests need a capability, those of attacks among them.
  if [ "$code" -eq 0 ] && [ "$(id -u)" -eq 0 ]; then complete "$log" || code=1; fi
  if [ "$code" -ne 0 ]; then failed+=("$suite"); fi
  echo "== $suite tests: status $code, $((SECONDS - started)) s"
done
if [ ${#failed[@]} -gt 0 ]; then
  # Last, and on one stream: what is cut is the beginning.
  echo "test: FAILED: ${failed[*]}"
  scripts/test-failures.sh "$@"
  exit 1
fi
echo "test: passed: $*"
# The sum of the suites, on a line of its own.
total=0
for suite in "$@"; do
  count=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' "out/test/$suite.log" | tail -n 1)
  total=$((total + ${count:-0}))
done
echo "$total passed, 0 failed"
