#!/bin/bash
# Everything generated and committed is what its generator makes today. Each generator's check is an executable
# scripts/check-generated.d/NAME: silent and status 0 when current.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
code=0
for check in scripts/check-generated.d/*; do
  if [ ! -x "$check" ]; then continue; fi
  "$check" || { echo "check-generated: $(basename "$check") is out of date" >&2; code=1; }
done
exit $code
