#!/bin/bash
# Writes the command line reference: what --help of each program and of each of its sub-commands says.
# Usage: scripts/docs.sh DIRECTORY
set -euo pipefail
directory=$(realpath -m "$1")
cd "$(dirname "$0")/.."
mkdir -p "$directory"
export COLUMNS=120

# Prints the help of "$@" and then of its sub-commands, depth first.
reference() {
  local name text
  text=$("$@" --help)
  printf '%s\n%s\n\n' "--- $(basename "$1") ${*:2}" "$text"
  # A sub-command's line is indented by two; an explanation that went to the next line by more.
  while IFS= read -r name; do
    if [ "$name" != help ]; then reference "$@" "$name"; fi
  done < <(sed -n '/SUBCOMMANDS:$/,/^$/s/^  \([a-z][a-z-]*\).*$/\1/p' <<<"$text")
}
for program in swiftlet swiftctl; do
  reference ".build/debug/$program" | sed 's/ *$//' >"$directory/$program.txt"
done
.build/debug/swiftlet pod-fields >"$directory/pod-fields.md"
