#!/bin/bash
# Runs critest (kubernetes-sigs/cri-tools) against the agent: an agent, a registry and a network namespace of their own.
# Images come under their original names from the registry, through mirrors in hosts.toml.
# Usage: scripts/critest.sh CRITEST [FLAG]...   (flags of critest; `-ginkgo.focus RE` for a part)
# SWIFTLET_FLAGS: more flags of the agent. PRODUCTS: directory of the programs (default: the debug build).
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -lt 1 ] || [ ! -x "$1" ]; then echo "critest: say where the program critest is: make critest CRITEST=PATH" >&2; exit 64; fi
if [ "$(id -u)" -ne 0 ]; then echo "critest: needs root" >&2; exit 77; fi
if [ "${SWIFTLET_CRITEST_INSIDE:-}" != yes ]; then
  SWIFTLET_CRITEST_INSIDE=yes exec unshare --net --mount --propagation shared -- "$0" "$@"
fi
critest=$(realpath "$1")
shift
products=${PRODUCTS:-.build/debug}
work=$(mktemp -d /tmp/swiftlet-critest.XXXXXX)
mkdir -p out/critest
agent=
registry=
finish() {
  code=$?
  trap - EXIT INT TERM
  for process in "$agent" "$registry"; do
    if [ -n "$process" ] && kill -0 "$process" 2>/dev/null; then
      kill -TERM "$process"
      wait "$process" || true
    fi
  done
  cp "$work/agent.log" out/critest/agent.log 2>/dev/null || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Usage: until_true SECONDS WHAT COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "critest: waited in vain for $what" >&2
      return 1
    fi
    sleep 0.1
  done
}

busybox ip link set lo up
rootfs-fixtures/critest/build.sh "$work/data"
printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: 127.0.0.1:5000}\n' \
  "$work/data" >"$work/registry.yml"
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry=$!
for name in registry.k8s.io k8s.gcr.io gcr.io public.ecr.aws; do
  mkdir -p "$work/certs.d/$name"
  printf '[host."http://127.0.0.1:5000"]\n' >"$work/certs.d/$name/hosts.toml"
done
endpoint=unix://$work/state/swiftlet.sock
# shellcheck disable=SC2086 # a list of flags
"$products/swiftlet" --runtime-only --root-dir "$work/root" --state-dir "$work/state" --bridge swiftcri0 --pod-cidr 10.89.79.0/24 \
  --cgroup-root "/swiftlet-critest-$$" --registry-hosts "$work/certs.d" --stop-pods-on-exit -v 2 ${SWIFTLET_FLAGS:-} \
  </dev/null >"$work/agent.log" 2>&1 &
agent=$!
until_true 60 "the registry" busybox wget -q -O /dev/null http://127.0.0.1:5000/v2/
until_true 60 "the CRI socket" "$products/swiftctl" --runtime-endpoint "$endpoint" version
"$critest" -runtime-endpoint "$endpoint" -ginkgo.no-color -ginkgo.junit-report="$PWD/out/critest/junit.xml" "$@" | tee out/critest/critest.log
