#!/bin/bash
# The demo: an agent of its own (directories under out/demo, bridge, addresses, port) runs a web server from a manifest
# file; the script shows it, stops the agent with its pods and proves that nothing stays behind.
# PRODUCTS names the directory of the programs (default: the debug build). SOAK=COUNT runs so many commands in the pod.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=$PWD/out/demo
products=${PRODUCTS:-.build/debug}
bridge=swiftdemo0
cidr=10.89.77.0/24
if [ "$(id -u)" -ne 0 ]; then echo "demo: needs root (namespaces, mounts, a bridge)" >&2; exit 77; fi
for program in swiftlet swiftctl podshim unpacker; do
  if [ ! -x "$products/$program" ]; then echo "demo: $products/$program is missing: run 'make build'" >&2; exit 1; fi
done
rm -rf "$demo"
mkdir -p "$demo/manifests"
# A socket's path holds 107 bytes: state goes to /tmp when the checkout lies deep.
state=$demo/state
if [ ${#state} -gt 60 ]; then state=$(mktemp -d /tmp/swiftlet-demo.XXXXXX); fi

agent=
finish() {
  code=$?
  trap - EXIT INT TERM
  if [ -n "$agent" ] && kill -0 "$agent" 2>/dev/null; then
    kill -TERM "$agent"
    wait "$agent" || true
  fi
  if [ "$code" -ne 0 ] && [ -f "$demo/swiftlet.log" ]; then
    echo "demo: FAILED; the agent's last lines ($demo/swiftlet.log):" >&2
    tail -n 20 "$demo/swiftlet.log" >&2
  fi
  case $state in /tmp/*) rm -rf "$state" ;; esac
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
if [ ! -t 1 ]; then say() { printf '\n%s\n' "$*"; }; fi
show() {
  local word
  printf '# swiftctl'
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./:=@%+-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '\n'
  swiftctl "$@"
}
swiftctl() { "$products/swiftctl" --runtime-endpoint "unix://$state/cri.sock" "$@"; }
# Usage: until_true SECONDS WHAT COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$agent" 2>/dev/null; then echo "demo: the agent ended while waiting for $what" >&2; return 1; fi
    if [ "$SECONDS" -ge "$deadline" ]; then echo "demo: waited in vain for $what" >&2; return 1; fi
    sleep 0.1
  done
}
address() { swiftctl inspectp -o json web-demo | sed -n 's/.*"ip" *: *"\([0-9.]*\)".*/\1/p' | head -n 1; }
running() { swiftctl ps --state running | grep -q ' server '; }
get() {
  exec 3<>"/dev/tcp/$1/80" || return 1
  printf 'GET / HTTP/1.0\r\nHost: web\r\n\r\n' >&3
  timeout 5 cat <&3
}
answers() { (get "$ip" | grep -q 'Hello from a pod') 2>/dev/null; }

say "Start the agent"
"$products/swiftlet" --root-dir "$demo/root" --state-dir "$state" --cri-socket "$state/cri.sock" \
  --pod-manifest-path "$demo/manifests" --pod-network bridge --bridge "$bridge" --pod-cidr "$cidr" --hostname-override demo \
  --healthz-port 10348 --stop-pods-on-exit </dev/null >"$demo/swiftlet.log" 2>&1 &
agent=$!
until_true 30 "the CRI socket" swiftctl version
show version

say "Import the web server's image"
show image import out/fixtures/web.tar

say "Drop a manifest"
cat >"$demo/web.yaml" <<'MANIFEST'
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  containers:
    - name: server
      image: localhost/web:latest
      imagePullPolicy: Never
      ports:
        - containerPort: 80
      readinessProbe:
        httpGet:
          path: /healthz
          port: 80
        periodSeconds: 1
MANIFEST
cat "$demo/web.yaml"
mv "$demo/web.yaml" "$demo/manifests/web.yaml"
until_true 30 "the container to run" running
ip=$(address)
if [ -z "$ip" ]; then echo "demo: the pod has no address" >&2; exit 1; fi
until_true 30 "an answer from http://$ip/" answers

say "The pod"
show pods
show ps

say "GET http://$ip/ from the host, over the bridge"
(get "$ip")

say "A command inside"
show exec server -- sh -c 'id; hostname; ls /www'

say "Its log"
show logs server

if [ -n "${SOAK:-}" ]; then
  say "$SOAK commands more: the agent's memory does not grow with them"
  resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$agent/status"; }
  for _ in $(seq 50); do swiftctl exec server -- true; done
  before=$(resident)
  for _ in $(seq "$SOAK"); do swiftctl exec server -- true; done
  grown=$(($(resident) - before))
  echo "$before kB, and $grown kB more after them"
  # A leak of 10 KiB for each is found, an allocator that keeps a page is not.
  if [ "$grown" -gt $((SOAK * 10)) ]; then echo "demo: the agent's memory grows" >&2; exit 1; fi
fi

say "Stop the agent with its pods; nothing may stay behind"
kill -TERM "$agent"
wait "$agent" || { echo "demo: the agent ended with status $?" >&2; exit 1; }
agent=

left=0
leftover() { echo "demo: left behind: $*" >&2; left=1; }
for directory in /proc/[0-9]*; do
  command=$(tr '\0' ' ' 2>/dev/null <"$directory/cmdline") || continue
  case $command in *"$state"*) leftover "process ${directory#/proc/}: $command" ;; esac
done
while read -r _ _ _ _ mount _; do case $mount in "$demo"/* | "$state"/*) leftover "mount $mount" ;; esac; done </proc/self/mountinfo
if [ -e "/sys/class/net/$bridge" ]; then leftover "bridge $bridge"; fi
while read -r cgroup; do leftover "cgroup $cgroup"; done < <(find /sys/fs/cgroup -type d -path "*swiftlet*" -name "*demo*" 2>/dev/null)
if [ -n "$(find "$demo/root/pods" -mindepth 1 -maxdepth 1 2>/dev/null)" ]; then leftover "files in $demo/root/pods"; fi
if [ "$left" -ne 0 ]; then exit 1; fi
echo "Nothing left: no process, mount, bridge, cgroup or pod directory."
