#!/bin/bash
# Removes what scripts/install.sh put in place; configuration, manifests and state stay. Pods go on: remove their manifests first to end them.
# Usage: PREFIX= DESTDIR= UNITDIR= scripts/uninstall.sh
set -euo pipefail
prefix=${PREFIX:-/usr/local}
destination=${DESTDIR:-}
units=$destination${UNITDIR:-/lib/systemd/system}

# The running system's units, not that of a package being built.
for unit in swiftlet swiftlet-runtime; do
  if [ -z "$destination" ] && [ -e "$units/$unit.service" ] && command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
    systemctl disable --now "$unit"
  fi
  rm -f "$units/$unit.service"
done
rm -f "$destination$prefix/bin/swiftlet" "$destination$prefix/bin/swiftctl"
rm -f "$destination$prefix/libexec/swiftlet/podshim" "$destination$prefix/libexec/swiftlet/unpacker"
rmdir --ignore-fail-on-non-empty "$destination$prefix/libexec/swiftlet" 2>/dev/null || true
