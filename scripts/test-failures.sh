#!/bin/bash
# The failures in the logs of suites, short enough for the end of an output that is cut: one line for each issue, with
# place and expectation, and the tests that a crash left unfinished. Usage: scripts/test-failures.sh [SUITE...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
most=24
logs=()
if [ $# -eq 0 ]; then set -- unit integration node; fi
for suite in "$@"; do
  if [ -f "out/test/$suite.log" ]; then logs+=("out/test/$suite.log"); fi
done
[ ${#logs[@]} -gt 0 ] || exit 0

# An issue's second line, where there is one, is the test's own comment ("↳ ...").
awk -v most="$most" '
  function say(line) { if (++lines <= most) print substr(line, 1, 240) }
  function ended(  name) {
    if (file == "" || complete) return
    say(suite ": the test program ended early" (fatal == "" ? "" : ": " fatal))
    for (name in open) say(suite ": not finished: " name)
  }
  FNR == 1 {
    ended()
    file = FILENAME; suite = file; sub(/.*\//, "", suite); sub(/\.log$/, "", suite)
    complete = 0; fatal = ""; split("", open)
  }
  { sub(/\r$/, "") }
  wants { if ($0 ~ /^[^ ]* *↳ /) { sub(/^.*↳ /, ""); issue = issue " -- " $0 } say(issue); wants = 0 }
  / Test .* started\.$/ && !/ Test run started/ { name = $0; sub(/^.* Test /, "", name); sub(/ started\.$/, "", name); open[name] = 1 }
  / Test .* (passed|failed) after / { name = $0; sub(/^.* Test /, "", name); sub(/ (with [0-9]+ test cases )?(passed|failed) after .*/, "", name); delete open[name] }
  / recorded an issue / { issue = $0; sub(/^[^ ]+ +/, "", issue); sub(/ recorded an issue/, "", issue); issue = suite ": " issue; wants = 1 }
  / skipped(:|\.|$)/ && /^[^A-Za-z]*(Test|Suite) / { say(suite ": " $0) }
  /Fatal error|ThreadSanitizer:/ { fatal = $0 }
  / Test run with [0-9]+ tests? / { complete = 1 }
  END { if (wants) say(issue); ended(); if (lines > most) print "... and " lines - most " more: see out/test" }
' "${logs[@]}"
