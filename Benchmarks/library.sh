# shellcheck shell=bash disable=SC2154,SC2034 # bench, runs, pods, image: set by who sources this
# What the parts of the benchmark share. A result is a line `SUBJECT MEASURE RUNS MIN P50 P99` in
# $bench/results: microseconds, or for memory KiB and for CPU thousandths of a core, in all three places.

prepare() {
  # What a run that was killed left.
  rm -rf "$bench/scratch"
  mkdir -p "$bench/bin" "$bench/scratch"
  : >"$bench/results"
  gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$bench/bin/floor" Benchmarks/floor/*.c -lseccomp
  unpack_busybox
}

unpack_busybox() {
  local blob
  rm -rf "$bench/rootfs" "$bench/image"
  mkdir -p "$bench/rootfs" "$bench/image"
  tar -xf out/fixtures/busybox.tar -C "$bench/image"
  for blob in "$bench"/image/blobs/sha256/*; do
    if gzip -t "$blob" 2>/dev/null; then tar -xzf "$blob" -C "$bench/rootfs"; fi
  done
}

record() { # SUBJECT MEASURE RUNS MIN P50 P99
  echo "$*" >>"$bench/results"
}

# Reads one number a line; records minimum, median and 99th percentile.
record_samples() { # SUBJECT MEASURE
  sort -n | awk -v subject="$1" -v measure="$2" '
    { value[NR] = $1 }
    END { if (NR == 0) exit 1
      print subject, measure, NR, value[1], value[int(NR / 2) + 1], value[int((NR - 1) * 0.99) + 1] }' >>"$bench/results"
}

microseconds() { echo "${EPOCHREALTIME/[.,]/}"; }

# Reads the driver's table in milliseconds: OPERATION... RUNS MIN P50 P90 P99 MAX. Usage: driver_results SUBJECT
driver_results() {
  awk -v subject="$1" '
    BEGIN {
      name["RunPodSandbox"] = "run"; name["CreateContainer"] = "create"; name["StartContainer"] = "start"; name["ExecSync"] = "exec"
      name["StopContainer"] = "stop"; name["RemovePodSandbox"] = "remove"; name["static-pod"] = "static-1"
    }
    { key = name[$1] }
    /^pod start/ { key = "pod" }
    /^pod stop/ { key = "stop-remove" }
    /^static-pods/ { key = "static-" $2 ($3 == "gone" ? "-gone" : "") }
    key != "" { printf "%s %s %d %d %d %d\n", subject, key, $(NF - 5), $(NF - 4) * 1000, $(NF - 3) * 1000, $(NF - 1) * 1000 }
  ' >>"$bench/results"
}

# Usage: cri_driver SUBJECT SOCKET
cri_driver() {
  "$(driver)" --endpoint "unix://$2" --image "$image" --directory "$bench/pods-$1" -n "$runs" | driver_results "$1"
}

# The benchmark driver's path; takes no arguments.
driver() {
  local program=${CRI_BENCH:-$PWD/.build/release/cri-bench}
  if [ ! -x "$program" ]; then
    echo "bench: $program is missing: swift build -c release --static-swift-stdlib --product cri-bench" >&2
    return 1
  fi
  echo "$program"
}

processes() { # PATTERN (of comm): pids
  local directory name
  for directory in /proc/[0-9]*; do
    if read -r name 2>/dev/null <"$directory/comm" && [[ $name =~ $1 ]]; then echo "${directory#/proc/}"; fi
  done | sort
}

# Sums Pss and private memory of processes, KiB. Usage: memory_of PID...
memory_of() {
  local pid
  for pid in "$@"; do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done |
    awk '/^Pss:/ { pss += $2 } /^Private_(Clean|Dirty):/ { private += $2 } END { print pss + 0, private + 0 }'
}

# How often each thread of these processes gave its processor up, as lines "TID COUNT". Usage: switches PID...
switches() {
  local pid
  for pid in "$@"; do
    awk '/^Pid:/ { tid = $2 } /^voluntary_ctxt/ { print tid, $2 }' "/proc/$pid"/task/*/status 2>/dev/null || true
  done
}

# Sums what threads did between two such lists; one that began after the first counts whole, one that ended is not seen.
# Usage: more_switches BEFORE AFTER
more_switches() {
  awk 'NR == FNR { before[$1] = $2; next } { sum += $2 - before[$1] } END { print sum + 0 }' <(echo "$1") <(echo "$2")
}

# Holds $pods pods and records memory per pod, and the agent's RSS, idle CPU, and how often agent and shims wake in a minute.
# Usage: memory_part SUBJECT SOCKET AGENT_PID COMM_PATTERN
memory_part() {
  local before after holder pss private start stop shims
  before=$(processes "$4")
  coproc HOLD { exec "$(driver)" --endpoint "unix://$2" --image "$image" --directory "$bench/pods-$1" --keep "$pods"; }
  holder=$HOLD_PID
  # The driver says so with all pods running, and removes them when its standard input ends.
  local line
  while read -r -t 300 line <&"${HOLD[0]}" && [[ $line != *"pods run"* ]]; do :; done
  if [[ ${line:-} != *"pods run"* ]]; then echo "bench: the driver did not get $pods pods up" >&2; return 1; fi
  after=$(processes "$4")
  sync
  # shellcheck disable=SC2046 # pids
  read -r pss private < <(memory_of $(comm -13 <(echo "$before") <(echo "$after")))
  pss=$((pss / pods)) private=$((private / pods))
  record "$1" pss-per-pod "$pods" "$pss" "$pss" "$pss"
  record "$1" private-per-pod "$pods" "$private" "$private" "$private"
  local resident
  resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$3/status")
  record "$1" agent-rss "$pods" "$resident" "$resident" "$resident"
  sleep 5
  shims=$(comm -13 <(echo "$before") <(echo "$after"))
  local woken
  # shellcheck disable=SC2086 # pids
  woken=$(switches "$3" $shims)
  start=$(ticks "$3")
  sleep 60
  stop=$(ticks "$3")
  # shellcheck disable=SC2086 # pids
  woken=$(more_switches "$woken" "$(switches "$3" $shims)")
  record "$1" wakeups-minute "$pods" "$woken" "$woken" "$woken"
  # 100 ticks a second over 60 seconds: six ticks are a thousandth of a core.
  record "$1" idle-cpu "$pods" $(((stop - start) / 6)) $(((stop - start) / 6)) $(((stop - start) / 6))
  eval "exec ${HOLD[1]}>&-"
  wait "$holder" || true
}

ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

await_socket() { # SECONDS PATH PID
  local deadline=$((SECONDS + $1))
  until [ -S "$2" ]; do
    if ! kill -0 "$3" 2>/dev/null; then echo "bench: ended before $2 appeared" >&2; return 1; fi
    if [ "$SECONDS" -ge "$deadline" ]; then echo "bench: no $2 after $1 s" >&2; return 1; fi
    sleep 0.05
  done
}

end_process() { # PID
  if kill -0 "$1" 2>/dev/null; then
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
  fi
}

# One line per result; times in milliseconds, beside the floor's and Swiftlet's p50 of the same kind of work.
table() {
  echo
  awk '
    { subject[NR] = $1; measure[NR] = $2; count[NR] = $3; low[NR] = $4; p50[$1, $2] = $5; p99[NR] = $6 }
    function ratio(value, base) { return base > 0 ? sprintf("%.2fx", value / base) : "-" }
    END {
      printf "%-12s %-16s %6s %10s %10s %10s %10s %12s\n", "subject", "measure", "runs", "min", "p50", "p99", "/ floor", "/ swiftlet"
      for (row = 1; row <= NR; row++) {
        name = measure[row]; value = p50[subject[row], name]
        floor = 0
        if (name == "pod") floor = p50["floor", "pod"]
        if (name == "container" || name == "create-start") floor = p50["floor", "container"]
        unit = name ~ /(per-pod|rss|file)$/ ? "KiB" : name == "idle-cpu" ? "mcore" : name == "wakeups-minute" ? "times" : "ms"
        scale = unit == "ms" ? 1000 : 1
        printf "%-12s %-16s %6d %10.2f %10.2f %10.2f %10s %12s  %s\n", subject[row], name, count[row], low[row] / scale,
          value / scale, p99[row] / scale, ratio(value, floor), ratio(value, p50["swiftlet", name]), unit
      }
    }' "$bench/results"
}
