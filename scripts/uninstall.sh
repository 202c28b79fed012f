#!/bin/bash
# Removes what scripts/install.sh put in place; configuration, manifests and state stay. Pods go on: remove their manifests first to end them.
# Usage: PREFIX= DESTDIR= UNITDIR= scripts/uninstall.sh
set -euo pipefail
prefix=${PREFIX:-/usr/local}
destination=${DESTDIR:-}
unit=$destination${UNITDIR:-/lib/systemd/system}/swiftlet.service

# The running system's unit, not that of a package being built.
if [ -z "$destination" ] && [ -e "$unit" ] && command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  systemctl disable --now swiftlet
fi
rm -f "$destination$prefix/bin/swiftlet" "$destination$prefix/bin/swiftctl" "$unit"
rm -f "$destination$prefix/libexec/swiftlet/podshim" "$destination$prefix/libexec/swiftlet/unpacker"
rmdir --ignore-fail-on-non-empty "$destination$prefix/libexec/swiftlet" 2>/dev/null || true
