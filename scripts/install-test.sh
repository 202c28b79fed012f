#!/bin/bash
# Installs a build on a virtual node whose PID 1 is systemd, and holds the unit to what it promises: ready when it says so, pods that
# outlive a restart, a crash and a stop of the agent, an uninstall that leaves what is the user's.
# Usage: scripts/install-test.sh [BUILD_DIRECTORY]   (default .build/release; needs fixtures and a systemd on this machine)
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(readlink -f "${1:-.build/release}")
if [ "${SWIFTLET_NODE:-}" != 1 ]; then
  NODE_INIT=systemd NODE_TIMEOUT=${NODE_TIMEOUT:-900} exec scripts/node-run.sh "$PWD/scripts/install-test.sh" "$build"
fi

fail() {
  echo "install-test: $*" >&2
  systemctl status swiftlet --no-pager --full >&2 || true
  journalctl -u swiftlet --no-pager -n 40 >&2 || true
  exit 1
}
step() { echo "-- $*"; }
# Usage: wait_for WHAT COMMAND...   (the command succeeds within two minutes: emulated processors are slow)
wait_for() {
  local what=$1
  shift
  for _ in $(seq 600); do if "$@"; then return; fi; sleep 0.2; done
  fail "$what"
}
main() { systemctl show -p MainPID --value swiftlet; }
container() { swiftctl ps -o json 2>/dev/null | sed -n 's/.*"id" *: *"\([0-9a-f]\{64\}\)".*/\1/p' | head -n 1; }
runs() { [ -n "$(container)" ]; }
process() { swiftctl inspect "$1" | sed -n 's/.*"pid" *: *\([1-9][0-9]*\).*/\1/p' | head -n 1; }

step "install, start: active means ready"
PREFIX=/usr/local scripts/install.sh "$build"
systemctl daemon-reload
cp out/fixtures/busybox.tar /root/
systemctl enable swiftlet
systemctl start swiftlet || fail "the unit does not start"
[ "$(systemctl is-active swiftlet)" = active ] || fail "not active after its start"
# Type=notify: start returned because the agent said READY=1; from then on it answers.
swiftctl version || fail "active, but it does not answer"
[ "$(stat -c %a /var/lib/swiftlet)" = 700 ] || fail "/var/lib/swiftlet is open to others"
wait_for "healthz" sh -c 'busybox wget -q -O - http://127.0.0.1:10248/healthz >/dev/null'

step "a pod from the manifest directory"
swiftctl image import out/fixtures/busybox.tar
cat >/etc/swiftlet/manifests/web.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: main
      image: localhost/busybox:latest
      imagePullPolicy: Never
      command: [sh, -c, "echo started; exec sleep 100000"]
      resources:
        limits: {memory: 64Mi}
END
wait_for "the pod runs" runs
id=$(container)
pid=$(process "$id")
[ -n "$pid" ] || fail "no pid of container $id"
same() { [ "$(container)" = "$id" ] && [ "$(process "$id")" = "$pid" ] && kill -0 "$pid"; }
case $(cat "/proc/$pid/cgroup") in
  *swiftlet.service*) fail "the pod is in the unit's cgroup: $(cat "/proc/$pid/cgroup")" ;;
esac

step "restart: the same container, the same process"
before=$(main)
systemctl restart swiftlet || fail "the unit does not restart"
[ "$(main)" != "$before" ] || fail "it was not restarted"
wait_for "the pod after a restart" same

step "SIGKILL: systemd starts it again, the pod does not notice"
before=$(main)
kill -9 "$before"
again() { [ "$(systemctl is-active swiftlet)" = active ] && [ "$(main)" != "$before" ] && [ "$(main)" != 0 ]; }
wait_for "the unit after SIGKILL" again
wait_for "the pod after SIGKILL" same

step "stop: the agent ends well, the pod goes on"
systemctl stop swiftlet
[ "$(systemctl show -p Result --value swiftlet)" = success ] || fail "the stop was no success"
kill -0 "$pid" || fail "the stop ended the pod"
if swiftctl version 2>/dev/null; then fail "it answers though it is stopped"; fi

step "start again, remove the manifest: the pod goes"
systemctl start swiftlet || fail "the unit does not start again"
wait_for "the pod after a stop" same
rm /etc/swiftlet/manifests/web.yaml
gone() { ! kill -0 "$pid" 2>/dev/null && ! runs; }
wait_for "the pod's end" gone
swiftctl doctor || fail "something leaked"

step "a configuration that is wrong is told by the unit's state"
echo "podCIDR: nonsense" >>/etc/swiftlet/config.yaml
systemctl stop swiftlet
if timeout 60 systemctl start swiftlet; then fail "started with a wrong configuration"; fi
journalctl -u swiftlet --no-pager -n 20 | grep -q 'config.yaml\|podCIDR' || fail "the journal does not tell what is wrong"
systemctl stop swiftlet

step "uninstall: programs and unit go, configuration stays"
PREFIX=/usr/local scripts/uninstall.sh
systemctl daemon-reload
for path in /usr/local/bin/swiftlet /usr/local/bin/swiftctl /usr/local/libexec/swiftlet /lib/systemd/system/swiftlet.service \
  /lib/systemd/system/swiftlet-runtime.service; do
  if [ -e "$path" ]; then fail "$path is still there"; fi
done
[ -e /etc/swiftlet/config.yaml ] || fail "the configuration was removed"
echo "install-test: passed"
