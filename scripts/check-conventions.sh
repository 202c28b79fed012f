#!/bin/bash
# What product code never does: trap on conditions, print, start tasks nobody owns, leave notes for later. And what tests never measure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/source-rules.sh
. scripts/source-rules.sh
forbid fatal-error '(^|[^[:alnum:]_.])fatalError[(]' "an error is thrown, never fatal"
forbid force '(^|[^[:alnum:]_])(try|as)!' "forced try or cast"
forbid print '(^|[^[:alnum:]_.])(print|debugPrint|NSLog)[(]' "log instead"
forbid dispatch '(^|[^[:alnum:]_.])(DispatchQueue|DispatchWorkItem|DispatchSource|dispatchMain)|import Dispatch($|[^[:alnum:]])' "libdispatch wakes once a second for ever: CooperativeThreads, runBlocking, Alarm"
forbid detached 'Task[.]detached' "a task has an owner"
while IFS= read -r line; do
  if ! allowed unchecked-sendable "${line%%:*}"; then
    file=${line%%:*}
    number=$(cut -d: -f2 <<<"$line")
    # The comment that names the lock stands just above the declaration, or on its line.
    if ! sed -n "$((number > 6 ? number - 6 : 1)),${number}p" "$file" | grep -qiE '//.*(lock|mutex|queue|thread|atomic)'; then
      echo "$line   <- no comment names the lock" >&2
      violations=$((violations + 1))
    fi
  fi
done < <(grep -E '@unchecked +Sendable' <<<"$code")
# A task that is a statement of its own: nobody keeps it, so nobody can cancel it or wait for it.
while IFS= read -r line; do
  if ! allowed ownerless "${line%%:*}"; then
    echo "$line   <- a task has an owner: keep it, or add it to a group" >&2
    violations=$((violations + 1))
  fi
done < <(grep -E '^[^:]*:[0-9]+:[[:space:]]*(_ = )?Task([(][^)]*[)])?[[:space:]]*[{]' <<<"$code")
while IFS= read -r line; do
  echo "$line   <- do it now or write an issue" >&2
  violations=$((violations + 1))
done < <(git grep -nE '(TODO|FIXME)([^[:alnum:]_]|$)' -- Sources Tests Benchmarks rootfs-fixtures ':!Sources/CRIProto')
# What a test measures on a busy machine is the machine (docs/testing.md).
while IFS= read -r line; do
  echo "$line   <- no upper bound of real time: what must not wait gets something endless to wait for" >&2
  violations=$((violations + 1))
done < <(git grep -nE '#expect[(].*([.]now[)]|[.]now - [a-z]+|took|elapsed) <|timeLimit[(][.]minutes[(][1-4][)][)]' -- Tests)
if [ "$violations" -gt 0 ]; then
  echo "check-conventions: $violations" >&2
  exit 1
fi
