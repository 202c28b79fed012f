#!/bin/sh
# Prepares what a virtual node boots from, under .build-node/: a Debian kernel, unpacked and not installed (its
# hooks would touch the boot loader), and an initramfs of busybox with the modules that reach the shared root.
# Usage: scripts/node-prepare.sh   (done once; a second run returns at once)
set -eu
cd "$(dirname "$0")/.."
self=$PWD/scripts/node-prepare.sh
top=$PWD/.build-node
init=$PWD/Tests/Node/initramfs-init.sh

if [ "$(uname -m)" != x86_64 ]; then
  echo "node-prepare: the virtual node exists for x86_64 only" >&2
  exit 69
fi

kernel_version() {
  for directory in "$top"/kernel/lib/modules/*; do
    if [ -d "$directory" ]; then basename "$directory"; fi
  done
}

fetch_kernel() {
  rm -rf "$top/kernel" "$top/download"
  mkdir -p "$top/download"
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)$/\1/p')
  if [ -z "$package" ]; then
    apt-get update -qq </dev/null
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)$/\1/p')
  fi
  (
    cd "$top/download"
    apt-get download -qq "$package" 2>/dev/null || { apt-get update -qq </dev/null; apt-get download -qq "$package"; }
  )
  dpkg-deb -x "$top"/download/*.deb "$top/kernel.part"
  busybox depmod -b "$top/kernel.part" "${package#linux-image-}"
  rm -rf "$top/download"
  mv "$top/kernel.part" "$top/kernel"
}

# Names of the modules a module needs, in loading order, itself last; from modules.dep ("a.ko: b.ko c.ko").
load_order() {
  for name in "$@"; do
    sed -n "s|^\(.*/$name\.ko[.a-z]*\): *\(.*\)$|\1 \2|p" "$modules/modules.dep" | tr ' ' '\n' | sed '/^$/d' | tac
  done | awk '!seen[$0]++'
}

make_initramfs() {
  version=$(kernel_version)
  modules=$top/kernel/lib/modules/$version
  stage=$top/stage
  rm -rf "$stage"
  mkdir -p "$stage/bin" "$stage/modules" "$stage/dev" "$stage/proc" "$stage/sys" "$stage/host" "$stage/layer" "$stage/root"
  cp /bin/busybox "$stage/bin/busybox"
  cp "$init" "$stage/init"
  chmod 755 "$stage/init"
  number=100
  for module in $(load_order virtio_pci virtio_console virtiofs overlay); do
    number=$((number + 1))
    cp "$modules/$module" "$stage/modules/$number-$(basename "$module")"
  done
  mknod -m 600 "$stage/dev/console" c 5 1
  (cd "$stage" && find . | sort | busybox cpio -o -H newc 2>/dev/null) >"$top/initramfs.part"
  rm -rf "$stage"
  mv "$top/initramfs.part" "$top/initramfs"
}

mkdir -p "$top"
[ -d "$top/kernel" ] || fetch_kernel
stale=$(find "$init" "$self" -newer "$top/initramfs" 2>/dev/null || true)
if [ ! -e "$top/initramfs" ] || [ -n "$stale" ]; then make_initramfs; fi
