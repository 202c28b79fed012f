#!/bin/bash
# The same CRI calls against Debian's containerd + runc, in network and mount namespaces of its own.
# Usage: containerd.sh BENCH RUNS PODS IMAGE
set -euo pipefail
bench=$1 runs=$2 pods=$3 image=$4
# shellcheck source=Benchmarks/library.sh
. Benchmarks/library.sh
driver >/dev/null
home=$bench/containerd
state=$(mktemp -d /tmp/swiftlet-bench.XXXXXX)
socket=$state/containerd.sock
agent=
finish() {
  local pid
  if [ -n "$agent" ]; then end_process "$agent"; fi
  # Shims outlive containerd on purpose; these are ours by the socket in their command line.
  for pid in $(processes '^containerd-shim'); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$socket"; then kill -KILL "$pid" 2>/dev/null || true; fi
  done
  rm -rf "$state"
  # What containerd made in every hierarchy, unless somebody else's was there before.
  if [ -n "$fresh" ]; then
    for directory in /sys/fs/cgroup/k8s.io /sys/fs/cgroup/*/k8s.io; do
      if [ -d "$directory" ]; then find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
    done
  fi
}
fresh=yes
for directory in /sys/fs/cgroup/k8s.io /sys/fs/cgroup/*/k8s.io; do if [ -d "$directory" ]; then fresh=; fi; done
trap finish EXIT
rm -rf "$home"
mkdir -p "$home/cni"
cat >"$home/cni/10-bench.conflist" <<'CNI'
{ "cniVersion": "0.4.0", "name": "bench", "plugins": [
  { "type": "bridge", "bridge": "bench0", "isGateway": true, "ipMasq": false,
    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.91.0.0/16" }]], "dataDir": "DATA", "routes": [{ "dst": "0.0.0.0/0" }] } },
  { "type": "loopback" } ] }
CNI
sed -i "s,DATA,$state/cni," "$home/cni/10-bench.conflist"
cat >"$home/config.toml" <<TOML
version = 2
root = "$home/root"
state = "$state/state"
oom_score = 0
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:latest"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$home/cni"
TOML
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --net --mount --propagation private sh -c 'busybox ip link set lo up && exec containerd --config "$1"' sh "$home/config.toml" \
  </dev/null >"$home/log" 2>&1 &
agent=$!
await_socket 30 "$socket" "$agent"
for archive in pause busybox; do
  ctr --address "$socket" --namespace k8s.io images import "out/fixtures/$archive.tar" >/dev/null
done
cri_driver containerd "$socket"
memory_part containerd "$socket" "$agent" '^(containerd-shim|pause)'
