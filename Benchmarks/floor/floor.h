// The floor: the system calls a pod start cannot do without, in plain C, as the yardstick of `make bench`.
#ifndef FLOOR_H
#define FLOOR_H

/// Ends the program with `floor: WHAT: strerror(errno)` when `result` is negative; returns it otherwise.
int need(int result, const char *what);

/// Moves into a network namespace of its own and makes a bridge there: the host's network is not touched.
void network_prepare(void);
/// Makes network namespace number `index` with loopback, a veth on the bridge, an address and a default route.
/// Returns a descriptor of it; closing the last one makes the kernel take everything away.
int network_create(unsigned index);

/// What a kubelet has made for a pod before it calls the runtime, in `directory`: volumes and files that get mounted.
void volumes_make(const char *directory);
void volumes_remove(const char *directory);

/// Compiles the seccomp filter that every container loads.
void filter_prepare(void);

/// In a fresh mount namespace: overlay root, /proc, /sys, /dev, volumes, pivot_root, masked and read-only paths, host name,
/// capabilities dropped, no_new_privs, seccomp filter. `scratch` holds upper, work, root and what `volumes_make` made.
void rootfs_enter(const char *rootfs, const char *scratch);

#endif
