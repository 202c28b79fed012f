#!/bin/bash
# create + start + delete of one bundle by Debian's crun and runc. Usage: runtimes.sh BENCH RUNS PODS IMAGE
set -euo pipefail
bench=$1 runs=$2
# shellcheck source=Benchmarks/library.sh
. Benchmarks/library.sh
for program in crun runc; do
  command -v "$program" >/dev/null || { echo "bench: $program is missing: scripts/deps.sh bench" >&2; exit 1; }
done
bundle=$bench/bundle
rm -rf "$bundle"
mkdir -p "$bundle" "$bench/crun" "$bench/runc"
runc spec --bundle "$bundle"
sed -i -e 's/"terminal": true/"terminal": false/' -e 's/^\(\s*\)"sh"$/\1"true"/' \
  -e "s,\"path\": \"rootfs\",\"path\": \"$bench/rootfs\"," "$bundle/config.json"

# Usage: cycles COMMAND...   (prints microseconds, one cycle a line)
cycles() {
  local number start
  for ((number = -3; number < runs; number++)); do
    start=$(microseconds)
    if ! { "$@" create --bundle "$bundle" "bench-$$" && "$@" start "bench-$$" && "$@" delete --force "bench-$$"; } \
      </dev/null >/dev/null 2>"$bench/error"; then
      cat "$bench/error" >&2
      "$@" delete --force "bench-$$" >/dev/null 2>&1 || true
      return 1
    fi
    if ((number >= 0)); then echo $(($(microseconds) - start)); fi
  done
}

# crun refuses a host with v1 and v2 hierarchies: it gets a mount namespace with v2 alone, and no cgroup work to do.
crun_cycles() {
  mount -t cgroup2 none /sys/fs/cgroup
  cycles crun --root "$bench/crun" --cgroup-manager=disabled
}
export -f cycles crun_cycles microseconds
export bench runs bundle
unshare --mount --propagation private bash -euo pipefail -c crun_cycles | record_samples crun create-start
cycles runc --root "$bench/runc" | record_samples runc create-start
