#!/bin/busybox sh
# shellcheck shell=dash
# First process of a virtual node: makes the host's file system the root (read-only, under a tmpfs overlay) and
# hands over to node-init.sh. Kernel command line: node.top=<repository> node.job=<job directory>, or node.probe.
busybox=/bin/busybox
$busybox mount -t proc proc /proc
case " $($busybox cat /proc/cmdline) " in
  *" node.probe "*) $busybox poweroff -f ;;
esac
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do $busybox insmod "$module"; done
for word in $($busybox cat /proc/cmdline); do
  case $word in
    node.top=*) top=${word#node.top=} ;;
    node.job=*) job=${word#node.job=} ;;
  esac
done

$busybox mount -t virtiofs -o ro host /host
$busybox mount -t tmpfs -o size=60%,mode=755 layer /layer
$busybox mkdir /layer/upper /layer/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /root
for directory in dev proc sys; do $busybox mount --move "/$directory" "/root/$directory"; done
exec $busybox switch_root /root /bin/busybox sh "$top/Tests/Node/node-init.sh" "$top" "$job"
