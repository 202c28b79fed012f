#!/bin/bash
# Every check of `make check`; runs all of them and fails if one did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=()
check() {
  local name=$1
  shift
  if "$@"; then echo "check: $name: ok"; else echo "check: $name: FAILED"; failed+=("$name"); fi
}
shell_scripts() {
  git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    if [ -f "$file" ] && [ ! -L "$file" ] && head -n 2 "$file" | grep -qaE '^#!.*(/| )(ba|da)?sh( |$)|^# shellcheck shell='; then
      echo "$file"
    fi
  done
}
lint_shell() { shell_scripts | xargs shellcheck -x; }

check "swift format" scripts/format.sh --lint
check "dependency direction" scripts/check-dependencies.py
check "unsafe and descriptors" scripts/check-unsafe.sh
check "conventions" scripts/check-conventions.sh
check "generated code" scripts/check-generated.sh
check "shell scripts" lint_shell
if [ ${#failed[@]} -gt 0 ]; then
  echo "check: failed: $(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
