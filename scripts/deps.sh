#!/bin/sh
# Installs the Debian packages that are missing, and nothing when everything is there.
# Usage: scripts/deps.sh [build|check|network|node|registry|bench]...   (default: build check network node registry)
set -eu

build="libseccomp-dev libcap-dev libarchive-dev libssl-dev libsqlite3-dev libyaml-dev zlib1g-dev libzstd-dev liblzma-dev libbz2-dev pkg-config musl-tools gcc libc6-dev busybox-static git ca-certificates"
check="shellcheck python3-minimal"
network="containernetworking-plugins iptables"
node="qemu-system-x86 qemu-system-common busybox-static apparmor criu"
registry="docker-registry"
bench="crun runc containerd containernetworking-plugins gcc libc6-dev busybox-static"

if [ $# -eq 0 ]; then set -- build check network node registry; fi
wanted=
for group in "$@"; do
  case $group in
    build) wanted="$wanted $build" ;;
    check) wanted="$wanted $check" ;;
    network) wanted="$wanted $network" ;;
    node) wanted="$wanted $node" ;;
    registry) wanted="$wanted $registry" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "deps: unknown group '$group' (build, check, network, node, registry, bench)" >&2; exit 64 ;;
  esac
done

command -v swift >/dev/null 2>&1 || {
  echo "deps: no 'swift' on PATH. Install Swift 6.3 (https://www.swift.org/install/linux/) and try again." >&2
  exit 69
}
command -v dpkg-query >/dev/null 2>&1 || {
  echo "deps: this is not a Debian system; install the equivalents of:$wanted" >&2
  exit 69
}

missing=
# shellcheck disable=SC2086 # a list of package names
for package in $(printf '%s\n' $wanted | sort -u); do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=absent
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "deps: missing Debian packages, install them as root: apt-get install$missing" >&2
  exit 77
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
install_missing() {
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing </dev/null >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine are empty or old: refresh them only when the first try fails.
if ! install_missing; then
  apt-get update -qq </dev/null
  install_missing || { cat "$log" >&2; exit 1; }
fi
