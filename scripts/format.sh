#!/bin/bash
# Formats the Swift sources, or with --lint reports what differs. Generated code is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -d '' files < <(git ls-files -z --cached --others --exclude-standard -- '*.swift' ':!Sources/CRIProto' ':!Sources/*/Generated/*')
existing=()
for file in "${files[@]}"; do if [ -f "$file" ]; then existing+=("$file"); fi; done
if [ "${1:-}" = --lint ]; then
  swift format lint --strict --parallel "${existing[@]}"
else
  swift format --in-place --parallel "${existing[@]}"
fi
