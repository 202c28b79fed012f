#!/bin/bash
# Swiftlet's release build: the CRI calls, memory, and the time from its start to a static pod's first process.
# Usage: swiftlet.sh BENCH RUNS PODS IMAGE
set -euo pipefail
bench=$1 runs=$2 pods=$3 image=$4
# shellcheck source=Benchmarks/library.sh
. Benchmarks/library.sh
for program in swiftlet swiftctl podshim unpacker; do
  if [ ! -x ".build/release/$program" ]; then echo "bench: .build/release/$program is missing: run 'make release'" >&2; exit 1; fi
done
driver >/dev/null
home=$bench/swiftlet
state=$(mktemp -d /tmp/swiftlet-bench.XXXXXX)
agent=
finish() {
  if [ -n "$agent" ]; then end_process "$agent"; fi
  rm -rf "$state"
}
trap finish EXIT
rm -rf "$home"
mkdir -p "$home/manifests"
start_agent() {
  rm -f "$state/cri.sock"
  .build/release/swiftlet --root-dir "$home/root" --state-dir "$state" --cri-socket "$state/cri.sock" --bridge swiftbench0 \
    --pod-cidr 10.92.0.0/16 --hostname-override bench --healthz-port 10350 --stop-pods-on-exit "$@" </dev/null >>"$home/log" 2>&1 &
  agent=$!
}
stop_agent() {
  end_process "$agent"
  agent=
}

start_agent --runtime-only
await_socket 30 "$state/cri.sock" "$agent"
.build/release/swiftctl --runtime-endpoint "unix://$state/cri.sock" image import out/fixtures/busybox.tar >/dev/null
cri_driver swiftlet "$state/cri.sock"
memory_part swiftlet "$state/cri.sock" "$agent" '^(podshim|pause)'
stop_agent

cat >"$home/manifests/first.yaml" <<MANIFEST
apiVersion: v1
kind: Pod
metadata: { name: first }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: first
      image: $image
      imagePullPolicy: Never
      command: [sh, -c, "touch /bench/started; sleep 1000"]
      volumeMounts: [{ name: bench, mountPath: /bench }]
  volumes: [{ name: bench, hostPath: { path: $state/started, type: DirectoryOrCreate } }]
MANIFEST
for ((number = 0; number < 10; number++)); do
  rm -rf "$state/started"
  begin=$(microseconds)
  start_agent --pod-manifest-path "$home/manifests"
  deadline=$((SECONDS + 30))
  until [ -e "$state/started/started" ]; do
    if [ "$SECONDS" -ge "$deadline" ]; then echo "bench: the static pod did not start" >&2; exit 1; fi
    sleep 0.02
  done
  # The file's own time, so that the waiting above does not count.
  stamp=$(stat -c %.6Y "$state/started/started")
  echo $((${stamp/[.,]/} - begin))
  stop_agent
done >"$home/samples"
record_samples swiftlet agent-to-process <"$home/samples"
rm -f "$home/manifests/first.yaml"

for program in swiftlet swiftctl podshim; do
  size=$(($(stat -Lc %s ".build/release/$program") / 1024))
  record swiftlet "$program-file" 1 "$size" "$size" "$size"
done

# Static pods, `/pods` read all the while; the agent's memory with the most of them.
rm -rf "$home/root"
printf '%s\n' 'apiVersion: kubelet.config.k8s.io/v1beta1' 'kind: KubeletConfiguration' 'maxPods: 1000' >"$home/config.yaml"
start_agent --config "$home/config.yaml" --pod-manifest-path "$home/manifests" --read-only-port 10355
await_socket 30 "$state/cri.sock" "$agent"
.build/release/swiftctl --runtime-endpoint "unix://$state/cri.sock" image import out/fixtures/busybox.tar >/dev/null
read -ra counts <<<"${STATIC_PODS:-50 100 500 900}"
for count in "${counts[@]}"; do
  coproc STATIC { exec "$(driver)" --static-pods "$count" --port 10355 --image "$image" --directory "$home" -n 5 --hold; }
  driver_pid=$STATIC_PID
  exec 4<&"${STATIC[0]}"
  while read -r -t 600 line <&4; do
    echo "$line"
    if [[ $line == *"pods run"* ]]; then
      sleep 15
      resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$agent/status")
      record swiftlet "$count-pods-rss" "$count" "$resident" "$resident" "$resident"
      # Not in a pipe's subshell: the descriptor would stay open in this one, and the driver would wait for ever.
      eval "exec ${STATIC[1]}>&-"
    fi
  done >"$home/driver"
  driver_results swiftlet <"$home/driver"
  exec 4<&-
  wait "$driver_pid"
done
stop_agent
