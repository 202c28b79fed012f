#!/bin/bash
# Puts a release build in place. Usage: PREFIX= DESTDIR= SYSCONFDIR= UNITDIR= scripts/install.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
destination=${DESTDIR:-}
configuration=$destination${SYSCONFDIR:-/etc}/swiftlet
units=$destination${UNITDIR:-/lib/systemd/system}

install -D -s -m 755 "$build/swiftlet" "$destination$prefix/bin/swiftlet"
install -D -s -m 755 "$build/swiftctl" "$destination$prefix/bin/swiftctl"
install -D -m 755 "$build/podshim" "$destination$prefix/libexec/swiftlet/podshim"
install -D -s -m 755 "$build/unpacker" "$destination$prefix/libexec/swiftlet/unpacker"
install -d -m 755 "$configuration" "$configuration/manifests"
for file in config.yaml runtime.yaml; do
  if [ -e "$configuration/$file" ]; then
    echo "install: kept $configuration/$file"
  else
    sed "s,@SYSCONFDIR@,${SYSCONFDIR:-/etc},g" "packaging/$file" >"$configuration/$file"
    chmod 644 "$configuration/$file"
  fi
done
install -d "$units"
for unit in swiftlet.service swiftlet-runtime.service; do
  sed -e "s,@PREFIX@,$prefix,g" -e "s,@SYSCONFDIR@,${SYSCONFDIR:-/etc},g" "packaging/$unit" >"$units/$unit"
  chmod 644 "$units/$unit"
done
