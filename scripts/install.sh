#!/bin/bash
# Puts a release build in place. Usage: PREFIX= DESTDIR= SYSCONFDIR= UNITDIR= scripts/install.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
destination=${DESTDIR:-}
configuration=$destination${SYSCONFDIR:-/etc}/swiftlet
unit=$destination${UNITDIR:-/lib/systemd/system}/swiftlet.service

install -D -s -m 755 "$build/swiftlet" "$destination$prefix/bin/swiftlet"
install -D -s -m 755 "$build/swiftctl" "$destination$prefix/bin/swiftctl"
install -D -m 755 "$build/podshim" "$destination$prefix/libexec/swiftlet/podshim"
install -D -s -m 755 "$build/unpacker" "$destination$prefix/libexec/swiftlet/unpacker"
install -d -m 755 "$configuration" "$configuration/manifests"
if [ -e "$configuration/config.yaml" ]; then
  echo "install: kept $configuration/config.yaml"
else
  sed "s,@SYSCONFDIR@,${SYSCONFDIR:-/etc},g" packaging/config.yaml >"$configuration/config.yaml"
  chmod 644 "$configuration/config.yaml"
fi
install -d "$(dirname "$unit")"
sed -e "s,@PREFIX@,$prefix,g" -e "s,@SYSCONFDIR@,${SYSCONFDIR:-/etc},g" packaging/swiftlet.service >"$unit"
chmod 644 "$unit"
