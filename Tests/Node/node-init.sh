#!/bin/busybox sh
# shellcheck shell=dash
# Second stage and PID 1 of a virtual node: the mounts, modules and cgroup controllers of an ordinary node, then the
# job's command, its exit status to the host, power off. Being a shell that waits, it also reaps orphans.
top=$1
job=$2
case " $(busybox cat /proc/cmdline) " in
  *" node.init=systemd "*) init=systemd ;;
  *) init= ;;
esac
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

mount() { busybox mount "$@" || echo "node-init: cannot mount $*" >/dev/console; }
mkdir -p /dev/pts /dev/shm /dev/mqueue /var/lib/swiftlet /node-top
# The file systems below cover a repository that lies in /tmp or /run: it is kept in view and put back.
mount --bind "$top" /node-top
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777,size=60% tmp /tmp
# Overlay upper directories cannot lie on the root, which is an overlay itself.
mount -t tmpfs -o mode=755,size=60% swiftlet /var/lib/swiftlet
if [ ! -e "$top/Tests/Node/node-init.sh" ]; then
  mkdir -p "$top"
  mount --bind /node-top "$top"
fi
mount -t securityfs securityfs /sys/kernel/security
ln -sf /proc/self/fd /dev/fd

version=$(uname -r)
mkdir -p "/lib/modules/$version"
mount --bind "$top/.build-node/kernel/lib/modules/$version" "/lib/modules/$version"
for module in veth bridge br_netfilter vxlan nf_tables nft_compat nft_chain_nat nft_nat nft_masq nft_redir nft_ct nft_fib_inet \
  nft_reject_inet nf_conntrack erofs loop tun unix_diag inet_diag tcp_diag udp_diag raw_diag netlink_diag af_packet_diag; do
  busybox modprobe "$module" 2>/dev/null || echo "node-init: no module $module" >/dev/console
done

mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
read -r controllers </sys/fs/cgroup/cgroup.controllers
for controller in $controllers; do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done

ip link set lo up
hostname node
echo 1 >/proc/sys/net/ipv4/ip_forward
# Mounts of the root are private in a bare kernel; service managers make them shared, and so do nodes.
mount --make-rshared /

for port in /sys/class/virtio-ports/*; do
  case $(cat "$port/name") in
    node.output) output=/dev/$(basename "$port") ;;
    node.status) status=/dev/$(basename "$port") ;;
  esac
done

# A service manager becomes PID 1, as on an ordinary node, and the job one of its services.
if [ "$init" = systemd ]; then
  mkdir -p /run/systemd/system
  cat >/run/systemd/system/node-job.target <<END
[Unit]
Requires=basic.target
Wants=node-job.service
END
  cat >/run/systemd/system/node-job.service <<END
[Unit]
After=basic.target
[Service]
ExecStart=/bin/sh -c '/bin/sh $job/command </dev/null >$output 2>&1; echo "status \$\$?" >$status; busybox poweroff -f'
END
  # Where this machine is a container itself, systemd must not take the node for one.
  rm -f /.dockerenv /run/.containerenv
  exec /lib/systemd/systemd --system --unit=node-job.target
fi

setsid /bin/sh "$job/command" </dev/null >"$output" 2>&1
code=$?
# A line of its own, so that a job killed half way cannot leave something that reads as a status.
echo "status $code" >"$status"
busybox poweroff -f
