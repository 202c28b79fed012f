// Sub-commands that print what the process was given: ids, capabilities, namespaces, mounts, descriptors ...
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload.h"

extern char **environ;

static int print_file(const char *path) {
  char buffer[4096];
  FILE *file = fopen(path, "r");
  if (!file) return failed(path);
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, file)) > 0) fwrite(buffer, 1, length, stdout);
  fclose(file);
  return 0;
}

/// Prints the lines of /proc/self/status that start with one of `names` (ends with NULL), as `name value`.
static int print_status(const char *const *names) {
  char line[4096];
  FILE *file = fopen("/proc/self/status", "r");
  if (!file) return failed("/proc/self/status");
  while (fgets(line, sizeof line, file))
    for (const char *const *name = names; *name; name++) {
      size_t length = strlen(*name);
      if (strncmp(line, *name, length) == 0 && line[length] == ':') printf("%s %s", *name, line + length + 2);
    }
  fclose(file);
  return 0;
}

static int ids(int argc, char **argv) {
  (void)argc, (void)argv;
  uid_t real, effective, saved;
  gid_t group, egroup, sgroup, groups[256];
  getresuid(&real, &effective, &saved);
  getresgid(&group, &egroup, &sgroup);
  printf("uid %u %u %u\ngid %u %u %u\ngroups", real, effective, saved, group, egroup, sgroup);
  int count = getgroups(256, groups);
  for (int index = 0; index < count; index++) printf(" %u", groups[index]);
  printf("\n");
  return 0;
}

static int caps(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_status((const char *const[]){"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", NULL});
}

static int security(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_status((const char *const[]){"NoNewPrivs", "Seccomp", "Seccomp_filters", NULL});
}

static int mounts(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_file("/proc/self/mountinfo");
}

static int fds(int argc, char **argv) {
  (void)argc, (void)argv;
  char path[64], target[4096];
  // Highest first would need the limit; scan what /proc shows and leave out the directory stream itself.
  DIR *directory = opendir("/proc/self/fd");
  if (!directory) return failed("/proc/self/fd");
  struct dirent *entry;
  while ((entry = readdir(directory))) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) continue;
    snprintf(path, sizeof path, "/proc/self/fd/%.20s", entry->d_name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) continue;
    target[length] = 0;
    printf("%s %s\n", entry->d_name, target);
  }
  closedir(directory);
  return 0;
}

static int env(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("[");
  for (char **variable = environ; *variable; variable++) {
    if (variable != environ) printf(",");
    print_json_string(*variable);
  }
  printf("]\n");
  return 0;
}

static int args(int argc, char **argv) {
  printf("[");
  for (int index = 1; index < argc; index++) {
    if (index > 1) printf(",");
    print_json_string(argv[index]);
  }
  printf("]\n");
  return 0;
}

static int cwd(int argc, char **argv) {
  (void)argc, (void)argv;
  char path[4096];
  if (!getcwd(path, sizeof path)) return failed("getcwd");
  puts(path);
  return 0;
}

static int hostname(int argc, char **argv) {
  (void)argc, (void)argv;
  char name[256] = "";
  if (gethostname(name, sizeof name - 1)) return failed("gethostname");
  puts(name);
  return 0;
}

static int limits(int argc, char **argv) {
  (void)argc, (void)argv;
  static const struct { const char *name; int resource; } table[] = {
    {"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA}, {"fsize", RLIMIT_FSIZE},
    {"memlock", RLIMIT_MEMLOCK}, {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK},
  };
  for (size_t index = 0; index < sizeof table / sizeof *table; index++) {
    struct rlimit limit;
    getrlimit(table[index].resource, &limit);
    printf("%s %lld %lld\n", table[index].name, (long long)limit.rlim_cur, (long long)limit.rlim_max);
  }
  return 0;
}

static int oom_score_adj(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_file("/proc/self/oom_score_adj");
}

static int cgroup(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_file("/proc/self/cgroup");
}

static int namespaces(int argc, char **argv) {
  (void)argc, (void)argv;
  static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
  for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/self/ns/%s", names[index]);
    if (stat(path, &status)) return failed(path);
    printf("%s %llu\n", names[index], (unsigned long long)status.st_ino);
  }
  return 0;
}

static int process(int argc, char **argv) {
  (void)argc, (void)argv;
  mode_t mask = umask(0);
  printf("pid %d\nppid %d\nsid %d\npgid %d\numask %03o\ntty %d\n", getpid(), getppid(), getsid(0), getpgrp(), mask, isatty(0));
  printf("dumpable %d\nkeepcaps %d\nnice %d\n", prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), getpriority(PRIO_PROCESS, 0));
  return 0;
}

static int signals(int argc, char **argv) {
  (void)argc, (void)argv;
  return print_status((const char *const[]){"SigBlk", "SigIgn", "SigCgt", NULL});
}

const struct command report_commands[] = {
  {"ids", "", "real, effective and saved uid and gid, supplementary groups", ids},
  {"caps", "", "the five capability sets, hexadecimal", caps},
  {"security", "", "no_new_privs, seccomp mode, number of filters", security},
  {"mounts", "", "/proc/self/mountinfo", mounts},
  {"fds", "", "open descriptors: number and target", fds},
  {"env", "", "the environment as a JSON list", env},
  {"args", "ARGUMENT...", "its arguments as a JSON list", args},
  {"cwd", "", "working directory", cwd},
  {"hostname", "", "host name", hostname},
  {"limits", "", "resource limits: name soft hard (-1: unlimited)", limits},
  {"oom-score-adj", "", "/proc/self/oom_score_adj", oom_score_adj},
  {"cgroup", "", "/proc/self/cgroup", cgroup},
  {"namespaces", "", "name and inode number of each namespace", namespaces},
  {"process", "", "pid, parent, session, umask, terminal ...", process},
  {"signals", "", "blocked, ignored and caught signals, hexadecimal", signals},
  {0},
};
