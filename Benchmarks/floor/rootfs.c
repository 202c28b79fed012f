#define _GNU_SOURCE
#include "floor.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// Masked and read-only paths, mounts and files of a pod as a kubelet asks for it: see Benchmarks/cri-bench/KubeletPod.swift.
static const char *const masked[] = {
  "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
  "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
};
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

static void dev(void) {
  static const struct { const char *name; unsigned major, minor; } nodes[] = {
    {"dev/null", 1, 3}, {"dev/zero", 1, 5}, {"dev/full", 1, 7}, {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
  };
  static const char *const links[][2] = {
    {"/proc/self/fd", "dev/fd"}, {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
    {"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"},
  };
  need(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "mount /dev");
  for (size_t index = 0; index < sizeof nodes / sizeof *nodes; index++)
    need(mknod(nodes[index].name, S_IFCHR | 0666, makedev(nodes[index].major, nodes[index].minor)), nodes[index].name);
  for (size_t index = 0; index < sizeof links / sizeof *links; index++)
    need(symlink(links[index][0], links[index][1]), links[index][1]);
  need(mkdir("dev/pts", 0755), "mkdir /dev/pts");
  need(mkdir("dev/shm", 0755), "mkdir /dev/shm");
  need(mkdir("dev/mqueue", 0755), "mkdir /dev/mqueue");
  need(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"), "mount devpts");
  need(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"), "mount /dev/shm");
  need(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "mount mqueue");
}

static void mask(void) {
  for (size_t index = 0; index < sizeof masked / sizeof *masked; index++) {
    struct stat status;
    if (stat(masked[index], &status)) continue;
    if (S_ISDIR(status.st_mode)) need(mount("tmpfs", masked[index], "tmpfs", MS_RDONLY, NULL), masked[index]);
    else need(mount("/dev/null", masked[index], NULL, MS_BIND, NULL), masked[index]);
  }
  for (size_t index = 0; index < sizeof read_only / sizeof *read_only; index++) {
    if (access(read_only[index], F_OK)) continue;
    need(mount(read_only[index], read_only[index], NULL, MS_BIND | MS_REC, NULL), read_only[index]);
    need(mount(NULL, read_only[index], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL),
      read_only[index]);
  }
}

static const struct { const char *host, *container; int directory; } volumes[] = {
  {"data", "data", 1}, {"cache", "cache", 1}, {"token", "var/run/secrets/kubernetes.io/serviceaccount", 1},
  {"etc-hosts", "etc/hosts", 0}, {"termination-log", "dev/termination-log", 0},
  // The runtime's own.
  {"hostname", "etc/hostname", 0}, {"resolv.conf", "etc/resolv.conf", 0},
};

void volumes_make(const char *directory) {
  char path[600];
  for (size_t index = 0; index < sizeof volumes / sizeof *volumes; index++) {
    snprintf(path, sizeof path, "%s/%s", directory, volumes[index].host);
    if (volumes[index].directory) need(mkdir(path, 0755), path);
    else close(need(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644), path));
  }
}

void volumes_remove(const char *directory) {
  char path[600];
  for (size_t index = 0; index < sizeof volumes / sizeof *volumes; index++) {
    snprintf(path, sizeof path, "%s/%s", directory, volumes[index].host);
    remove(path);
  }
}

// Below the current directory, the container's root: makes the mount point with its parents, binds.
static void bind_volumes(const char *directory) {
  char source[600], target[128];
  for (size_t index = 0; index < sizeof volumes / sizeof *volumes; index++) {
    snprintf(source, sizeof source, "%s/%s", directory, volumes[index].host);
    snprintf(target, sizeof target, "%s", volumes[index].container);
    for (char *slash = strchr(target, '/'); slash; slash = strchr(slash + 1, '/')) {
      *slash = 0;
      mkdir(target, 0755);
      *slash = '/';
    }
    if (volumes[index].directory) mkdir(target, 0755);
    else close(need(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644), target));
    need(mount(source, target, NULL, MS_BIND | MS_REC, NULL), target);
    if (strcmp(volumes[index].host, "token") == 0)
      need(mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), target);
  }
}

static struct sock_fprog filter;

void filter_prepare(void) {
  // What the default profiles refuse, in short; everything else that exists is allowed by a rule of its own, as they do it.
  static const char *const refused[] = {
    "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init", "finit_module",
    "get_kernel_syms", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie",
    "mount", "mount_setattr", "move_mount", "move_pages", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
    "pivot_root", "query_module", "quotactl", "reboot", "request_key", "setdomainname", "sethostname", "setns", "settimeofday",
    "stime", "swapoff", "swapon", "sysfs", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old",
  };
  scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(1));
  if (!context) need(-1, "seccomp_init");
  for (int number = 0; number < 470; number++) {
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    int allowed = name != NULL;
    for (size_t index = 0; allowed && index < sizeof refused / sizeof *refused; index++) allowed = strcmp(name, refused[index]) != 0;
    if (allowed) seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0);
    free(name);
  }
  int file = need((int)syscall(SYS_memfd_create, "filter", 0), "memfd_create");
  need(seccomp_export_bpf(context, file), "seccomp_export_bpf");
  long size = lseek(file, 0, SEEK_END);
  filter.filter = malloc((size_t)size);
  filter.len = (unsigned short)((size_t)size / sizeof *filter.filter);
  if (!filter.filter || pread(file, filter.filter, (size_t)size, 0) != size) need(-1, "filter");
  close(file);
  seccomp_release(context);
}

static void drop_capabilities(void) {
  // chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap
  const unsigned long long keep = 0xa80425fb;
  for (int capability = 0; capability <= 63; capability++)
    if (!(keep >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)) break;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{.effective = (unsigned)keep, .permitted = (unsigned)keep}, {0}};
  need((int)syscall(SYS_capset, &header, data), "capset");
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

void rootfs_enter(const char *rootfs, const char *scratch) {
  char root[512], options[2048];
  snprintf(root, sizeof root, "%s/root", scratch);
  snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", rootfs, scratch, scratch);
  need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
  need(mount("overlay", root, "overlay", 0, options), "mount overlay");
  need(chdir(root), root);
  need(mount("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "mount /proc");
  dev();
  bind_volumes(scratch);
  need(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL), "mount /sys");
  need((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  need(umount2(".", MNT_DETACH), "umount the old root");
  need(chdir("/"), "chdir /");
  mask();
  need(sethostname("floor", 5), "sethostname");
  drop_capabilities();
  need((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp");
}
