#!/bin/bash
# Runs a command on a virtual node: a Debian kernel with every cgroup v2 controller, on this machine's own file
# system (read-only under a tmpfs overlay, so build products are there and nothing written survives).
# Usage: scripts/node-run.sh COMMAND [ARGUMENT...]
#   NODE_TIMEOUT=900   seconds until the node is ended (status 124)      NODE_MEMORY=3072  MiB
#   NODE_CPUS=2        virtual processors                                NODE_ACCEL=kvm|tcg  default: kvm where it boots
#   NODE_KEEP_LOG=FILE where the kernel's console goes    NODE_INIT=systemd    the command is a service of a real systemd
# The command runs in the current directory as root, with SWIFTLET_NODE=1 and this shell's SWIFTLET_* variables.
# Its output is streamed, its exit status is this script's. 125: the node did not come up or died.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; fi
timeout=${NODE_TIMEOUT:-900}
memory=${NODE_MEMORY:-3072}
cpus=${NODE_CPUS:-2}
qemu="qemu-system-x86_64"
virtiofsd=/usr/lib/qemu/virtiofsd
for program in "$qemu" "$virtiofsd"; do
  command -v "$program" >/dev/null || { echo "node-run: $program is missing: run 'make deps'" >&2; exit 125; }
done
"$top/scripts/node-prepare.sh"
kernel=$(echo "$top"/.build-node/kernel/boot/vmlinuz-*)
initramfs=$top/.build-node/initramfs
common=(-nodefaults -nographic -no-reboot -nic none -kernel "$kernel" -initrd "$initramfs" -smp "$cpus")
init=${NODE_INIT:-}
case $init in
  '') ;;
  systemd) [ -x /lib/systemd/systemd ] || { echo "node-run: no systemd on this machine: apt-get install systemd" >&2; exit 125; } ;;
  *) echo "node-run: NODE_INIT must be systemd or empty" >&2; exit 64 ;;
esac
# no_timer_check: on a busy machine the emulated timer may miss its ticks while the kernel counts them, which is a panic at boot.
boot="console=ttyS0 panic=-1 quiet security=apparmor mitigations=off random.trust_cpu=on no_timer_check"

# /dev/kvm may exist and still hang a stock kernel (nested virtualisation): believe it only after a boot.
# One answer per boot of this machine.
choose_accelerator() {
  if [ -n "${NODE_ACCEL:-}" ]; then echo "$NODE_ACCEL"; return; fi
  if [ ! -w /dev/kvm ]; then echo tcg; return; fi
  local answer
  answer=$top/.build-node/accelerator-$(cat /proc/sys/kernel/random/boot_id)
  if [ ! -e "$answer" ]; then
    rm -f "$top"/.build-node/accelerator-*
    if timeout 5 "$qemu" "${common[@]}" -m 512 -accel kvm -cpu host -append "$boot node.probe" \
      </dev/null >/dev/null 2>&1; then echo kvm; else echo tcg; fi >"$answer.$$"
    mv "$answer.$$" "$answer"
  fi
  cat "$answer"
}
case $(choose_accelerator) in
  kvm) accelerator=(-accel kvm -cpu host) ;;
  tcg) accelerator=(-accel "tcg,thread=multi" -cpu max) ;;
  *) echo "node-run: NODE_ACCEL must be kvm or tcg" >&2; exit 64 ;;
esac

mkdir -p "$top/.build-node/jobs"
job=$(mktemp -d "$top/.build-node/jobs/XXXXXX")
children=()
# shellcheck disable=SC2317 # called by the trap
finish() {
  local child
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
  if [ -n "${NODE_KEEP_LOG:-}" ]; then cp "$job/console" "$NODE_KEEP_LOG" 2>/dev/null || true; fi
  rm -rf "$job"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

{
  printf 'export SWIFTLET_NODE=1 PATH=%q HOME=/root LANG=C.UTF-8 NO_COLOR=1\n' "$PATH"
  while IFS= read -r name; do
    case $name in SWIFTLET_* | KEEP_SCRATCH) printf 'export %s=%q\n' "$name" "${!name}" ;; esac
  done < <(compgen -e)
  printf 'cd %q || exit 125\n' "$PWD"
  printf 'exec'
  printf ' %q' "$@"
  printf '\n'
} >"$job/command.bash"
# The guest starts /bin/sh; bash quoting (%q) may need bash to be read back.
printf 'exec bash %q\n' "$job/command.bash" >"$job/command"

# With the default sandbox virtiofsd fails: it cannot pivot_root when the source is `/`.
"$virtiofsd" -f --socket-path="$job/fs" -o source=/ -o cache=always -o sandbox=chroot >"$job/virtiofsd.log" 2>&1 &
children+=($!)
for _ in $(seq 100); do [ -S "$job/fs" ] && break; sleep 0.05; done
[ -S "$job/fs" ] || { cat "$job/virtiofsd.log" >&2; exit 125; }

mkfifo "$job/output"
cat "$job/output" &
reader=$!
children+=("$reader")
"$qemu" "${common[@]}" "${accelerator[@]}" -m "$memory" \
  -object "memory-backend-memfd,id=memory,size=${memory}M,share=on" -numa node,memdev=memory \
  -chardev "socket,id=fs,path=$job/fs" -device vhost-user-fs-pci,chardev=fs,tag=host \
  -chardev "file,id=console,path=$job/console" -serial chardev:console \
  -device virtio-serial-pci -device virtio-rng-pci \
  -chardev "file,id=output,path=$job/output" -device virtserialport,chardev=output,name=node.output \
  -chardev "file,id=status,path=$job/status" -device virtserialport,chardev=status,name=node.status \
  -append "$boot node.top=$top node.job=$job${init:+ node.init=$init}" </dev/null >"$job/qemu.log" 2>&1 &
machine=$!
children+=("$machine")

deadline=$((SECONDS + timeout))
while kill -0 "$machine" 2>/dev/null; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "node-run: not finished after $timeout s: ended" >&2
    tail -5 "$job/console" >&2 || true
    exit 124
  fi
  sleep 0.1
done
wait "$reader" 2>/dev/null || true
code=$(sed -n 's/^status \([0-9]*\)$/\1/p' "$job/status" 2>/dev/null || true)
if [ -z "$code" ]; then
  echo "node-run: the node ended without a status; last lines of qemu and the console:" >&2
  tail -3 "$job/qemu.log" >&2
  tail -20 "$job/console" >&2 || true
  exit 125
fi
exit "$code"
