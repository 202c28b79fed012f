#!/bin/bash
# `unsafe` is spelled, and descriptors are stored as bare integers, only where the allow-list says.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/source-rules.sh
. scripts/source-rules.sh
forbid unsafe '(^|[^[:alnum:]_.`@(])unsafe[[:space:]]+[[:alnum:]_(&!.\[]' "unsafe expression outside its home"
forbid unsafe '[(]unsafe[[:space:]]' "unsafe expression outside its home"
forbid unsafe '@(unsafe|safe)([^[:alnum:]_]|$)' "unsafe declaration outside its home"
forbid descriptor '(let|var)[[:space:]]+[[:alnum:]_]*([fF]d|[fF]ds|[dD]escriptor|[sS]ocket|pidFD)[[:space:]]*:[[:space:]]*(Int32|CInt)' \
  "descriptor kept as a number: use OwnedDescriptor"
if [ "$violations" -gt 0 ]; then
  echo "check-unsafe: $violations; an exception goes to $allow_list with its reason" >&2
  exit 1
fi
