// Usage: floor MODE ROOTFS SCRATCH [RUNS]
//   process    clone3 and exec of `busybox true`, nothing else
//   container  a container as a kubelet asks for it, in a network namespace that exists: namespaces, cgroup, overlay root,
//              five volumes, masks, seccomp filter, log file, everything up to exec
//   pod        a network namespace with veth, a pause process, and such a container
// Prints `MODE RUNS MIN P50 P99`, microseconds from the first call to the reaped exit of `true`.
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

static const char *rootfs, *scratch;
static char cgroup[512];
static pid_t self;

int need(int result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  if (getpid() == self && cgroup[0]) rmdir(cgroup);  // not in a child
  _exit(1);
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/// Makes a cgroup for this program in the v2 hierarchy, wherever it is mounted; none is mounted: measures without.
static void cgroup_prepare(void) {
  char line[4096], mount[256];
  FILE *mounts = fopen("/proc/self/mounts", "re");
  while (mounts && fgets(line, sizeof line, mounts))
    if (sscanf(line, "%*s %255s cgroup2 ", mount) == 1 && strstr(line, " cgroup2 ")) {
      snprintf(cgroup, sizeof cgroup, "%s/floor-%d", mount, getpid());
      if (mkdir(cgroup, 0755)) cgroup[0] = 0;
      break;
    }
  if (mounts) fclose(mounts);
  if (!cgroup[0]) fprintf(stderr, "floor: no cgroup v2: measured without CLONE_INTO_CGROUP\n");
}

static pid_t clone_into(uint64_t flags, int cgroup_descriptor, int *pidfd) {
  struct clone_args arguments = {.flags = flags | CLONE_PIDFD, .pidfd = (uintptr_t)pidfd, .exit_signal = SIGCHLD};
  if (cgroup_descriptor >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (unsigned)cgroup_descriptor;
  }
  return need((pid_t)syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
}

static void reap(int pidfd) {
  siginfo_t info;
  need(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED), "waitid");
  close(pidfd);
  if (info.si_code != CLD_EXITED || info.si_status != 0) {
    fprintf(stderr, "floor: the child ended with %d\n", info.si_status);
    exit(1);
  }
}

static void exec_true(const char *path) {
  char *const arguments[] = {"busybox", "true", NULL}, *const environment[] = {"PATH=/bin", NULL};
  execve(path, arguments, environment);
  need(-1, path);
}

struct run {
  char directory[512], cgroup[600];
  int cgroup_descriptor, network, pause_pidfd;
};

/// Not measured: a kubelet does this before it calls a runtime.
static void make_volumes(struct run *run, unsigned number) {
  snprintf(run->directory, sizeof run->directory, "%s/%u", scratch, number);
  need(mkdir(run->directory, 0755), run->directory);
  volumes_make(run->directory);
}

static void make_directories(struct run *run, unsigned number) {
  char path[600];
  static const char *const names[] = {"upper", "work", "root"};
  for (int index = 0; index < 3; index++) {
    snprintf(path, sizeof path, "%s/%s", run->directory, names[index]);
    need(mkdir(path, 0755), path);
  }
  run->cgroup_descriptor = -1;
  if (!cgroup[0]) return;
  snprintf(run->cgroup, sizeof run->cgroup, "%s/%u", cgroup, number);
  need(mkdir(run->cgroup, 0755), run->cgroup);
  run->cgroup_descriptor = need(open(run->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC), run->cgroup);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
  (void)status, (void)type, (void)place;
  remove(path);
  return 0;
}

static void remove_directories(struct run *run) {
  // Not measured. Overlay leaves work/work and the mount points that were made in upper.
  nftw(run->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  if (run->cgroup_descriptor < 0) return;
  close(run->cgroup_descriptor);
  for (int attempt = 0; attempt < 1000 && rmdir(run->cgroup) && errno == EBUSY; attempt++) usleep(1000);
}

static void start_container(struct run *run) {
  int pidfd, output[2];
  char path[600];
  snprintf(path, sizeof path, "%s/main.log", run->directory);
  int log = need(open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0640), path);
  need(pipe2(output, O_CLOEXEC), "pipe2");
  // With a pause process uts and ipc namespaces are the pod's.
  uint64_t flags = run->pause_pidfd >= 0 ? CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP : NAMESPACES;
  if (clone_into(flags, run->cgroup_descriptor, &pidfd) == 0) {
    if (run->pause_pidfd >= 0) need(setns(run->pause_pidfd, CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC), "setns pod");
    else need(setns(run->network, CLONE_NEWNET), "setns network");
    // Standard output and error are a pipe whose reader writes the log.
    need(dup2(output[1], 1), "dup2");
    rootfs_enter(rootfs, run->directory);
    exec_true("/bin/busybox");
  }
  close(output[0]);
  close(output[1]);
  close(log);
  reap(pidfd);
}

static void start_pause(struct run *run) {
  if (clone_into(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS, run->cgroup_descriptor, &run->pause_pidfd) == 0) {
    need(setns(run->network, CLONE_NEWNET), "setns network");
    need(sethostname("floor", 5), "sethostname");
    for (;;) pause();
  }
}

static void stop_pause(struct run *run) {
  siginfo_t info;
  syscall(SYS_pidfd_send_signal, run->pause_pidfd, SIGKILL, NULL, 0);
  waitid(P_PIDFD, (id_t)run->pause_pidfd, &info, WEXITED);
  close(run->pause_pidfd);
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return difference < 0 ? -1 : difference > 0;
}

int main(int argc, char **argv) {
  int process = argc > 1 && strcmp(argv[1], "process") == 0, pod = argc > 1 && strcmp(argv[1], "pod") == 0;
  int container = argc > 1 && strcmp(argv[1], "container") == 0, runs = argc > 4 ? atoi(argv[4]) : 100;
  if (argc < 4 || !(process || pod || container) || runs < 1) {
    fprintf(stderr, "usage: floor process|container|pod ROOTFS SCRATCH [RUNS]\n");
    return 64;
  }
  rootfs = argv[2];
  scratch = argv[3];
  double *times = calloc((size_t)runs, sizeof *times);
  if (!times) need(-1, "calloc");
  self = getpid();
  network_prepare();
  cgroup_prepare();
  filter_prepare();
  int shared_network = network_create(0), pidfd;
  char busybox[600];
  snprintf(busybox, sizeof busybox, "%s/bin/busybox", rootfs);
  for (int number = -5; number < runs; number++) {  // the first five warm the caches
    struct run run = {.network = -1, .pause_pidfd = -1};
    if (!process) make_volumes(&run, (unsigned)(number + 6));
    double start = microseconds();
    if (process) {
      if (clone_into(0, -1, &pidfd) == 0) exec_true(busybox);
      reap(pidfd);
    } else {
      make_directories(&run, (unsigned)(number + 6));
      run.network = pod ? network_create((unsigned)(number + 6)) : shared_network;
      if (pod) start_pause(&run);
      start_container(&run);
    }
    if (number >= 0) times[number] = microseconds() - start;
    if (process) continue;
    if (pod) {
      stop_pause(&run);
      close(run.network);
    }
    remove_directories(&run);
  }
  if (cgroup[0]) rmdir(cgroup);
  qsort(times, (size_t)runs, sizeof *times, ascending);
  printf("%s %d %.0f %.0f %.0f\n", argv[1], runs, times[0], times[runs / 2], times[(int)((runs - 1) * 0.99)]);
  return 0;
}
