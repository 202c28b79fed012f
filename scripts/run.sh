#!/bin/bash
# The debug agent in the foreground, in directories, a bridge and ports of its own; stops its pods at the end.
# Put manifests into out/run/manifests. Further flags are passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
run=$PWD/out/run
mkdir -p "$run/manifests"
echo "manifests: $run/manifests"
echo "CLI:       .build/debug/swiftctl --runtime-endpoint unix://$run/state/cri.sock pods"
exec .build/debug/swiftlet --root-dir "$run/root" --state-dir "$run/state" --cri-socket "$run/state/cri.sock" \
  --pod-manifest-path "$run/manifests" --pod-network bridge --bridge swiftrun0 --pod-cidr 10.89.78.0/24 --healthz-port 10349 \
  --stop-pods-on-exit "$@"
