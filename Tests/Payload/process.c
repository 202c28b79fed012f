// Sub-commands that use up something or end in a certain way: memory, processes, CPU, signals, exit codes.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int memhog(int argc, char **argv) {
  size_t mebibytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
  for (size_t done = 0; done < mebibytes; done++) {
    char *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return failed("mmap");
    memset(page, 1, 1 << 20);
  }
  printf("memory %zu\n", mebibytes);
  if (argc > 2) sleep((unsigned)atoi(argv[2]));
  return 0;
}

static int forkbomb(int argc, char **argv) {
  int wanted = argc > 1 ? atoi(argv[1]) : 64, made = 0;
  pid_t children[4096];
  for (; made < wanted && made < 4096; made++) {
    pid_t child = fork();
    if (child == 0) for (;;) pause();
    if (child < 0) break;
    children[made] = child;
  }
  int code = made < wanted ? errno : 0;
  printf("forked %d %s\n", made, code ? errno_name(code) : "all");
  for (int index = 0; index < made; index++) kill(children[index], SIGKILL);
  while (wait(NULL) > 0) {}
  return code ? 1 : 0;
}

static int cpu(int argc, char **argv) {
  double wanted = argc > 1 ? atof(argv[1]) : 1, start = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
  while (seconds(CLOCK_MONOTONIC) - start < wanted) {}
  printf("wall %.3f\ncpu %.3f\n", seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - used);
  return 0;
}

static int leave(int argc, char **argv) { return argc > 1 ? atoi(argv[1]) : 0; }

static int suicide(int argc, char **argv) {
  kill(getpid(), argc > 1 ? atoi(argv[1]) : SIGKILL);
  // PID 1 of a namespace is immune to signals it does not handle.
  return 1;
}

__attribute__((noreturn)) static int ignore_term(int argc, char **argv) {
  (void)argc, (void)argv;
  signal(SIGTERM, SIG_IGN);
  puts("ready");
  for (;;) pause();
}

static void note_term(int number) {
  (void)number;
  static const char text[] = "terminated\n";
  if (write(1, text, sizeof text - 1) < 0) _exit(1);
  _exit(0);
}

__attribute__((noreturn)) static int on_term(int argc, char **argv) {
  (void)argc, (void)argv;
  signal(SIGTERM, note_term);
  puts("ready");
  for (;;) pause();
}

static int sleeper(int argc, char **argv) {
  if (argc < 2) for (;;) pause();
  struct timespec time = {.tv_sec = atoi(argv[1])};
  nanosleep(&time, NULL);
  return 0;
}

static int orphan(int argc, char **argv) {
  pid_t child = fork();
  if (child < 0) return failed("fork");
  if (child == 0) {
    setsid();
    sleep(argc > 1 ? (unsigned)atoi(argv[1]) : 3600);
    _exit(0);
  }
  printf("orphan %d\n", child);
  return 0;
}

static int zombies(int argc, char **argv) {
  // Grandchildren whose parent ends first: whoever is PID 1 has to reap them.
  int count = argc > 1 ? atoi(argv[1]) : 10;
  for (int index = 0; index < count; index++) {
    pid_t child = fork();
    if (child == 0) {
      if (fork() == 0) {
        usleep(50000);
        _exit(0);
      }
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  printf("made %d\n", count);
  return 0;
}

static int answer(const char *name, long result) {
  if (result < 0) printf("%s %s\n", name, errno_name(errno));
  else printf("%s ok\n", name);
  return result < 0;
}

/// Takes another process's name, and stays; with a directory, that is its root from then on.
static int pretend(int argc, char **argv) {
  if (argc < 2) return 64;
  char place[4096];
  if (argc > 2) {
    // Where it worked, below the new root.
    if (!getcwd(place, sizeof place) || chroot(argv[2]) || chdir(place)) return failed("chroot");
  }
  if (prctl(PR_SET_NAME, argv[1])) return failed("prctl");
  for (;;) pause();
}

#ifdef __x86_64__
/// A call of the i386 table, from this 64-bit program: seccomp sees AUDIT_ARCH_I386.
static long call32(long number, long first, long second, long third) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third)
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static int socket32(int argc, char **argv) {
  if (argc < 3) return 64;
  long result;
  if (strcmp(argv[1], "socketcall") == 0) {
    unsigned *arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (arguments == MAP_FAILED) return failed("mmap");
    arguments[0] = (unsigned)atoi(argv[2]);
    arguments[1] = SOCK_STREAM;
    result = call32(102, 1 /* SYS_SOCKET */, (long)arguments, 0);
  } else {
    result = call32(359, atoi(argv[2]), SOCK_STREAM, 0);
  }
  printf("%s\n", result >= 0 ? "ok" : errno_name((int)-result));
  return 0;
}
#endif

static int system_call(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (strcmp(name, "getpid") == 0) return answer(name, syscall(SYS_getpid));
  if (strcmp(name, "unshare") == 0) return answer(name, unshare(CLONE_NEWUSER));
  if (strcmp(name, "mount") == 0) return answer(name, mount("none", "/tmp", "tmpfs", 0, NULL));
  if (strcmp(name, "umount") == 0) return answer(name, umount2("/proc", MNT_DETACH));
  if (strcmp(name, "keyctl") == 0) return answer(name, syscall(SYS_keyctl, 0, -3, 0));
  if (strcmp(name, "add_key") == 0) return answer(name, syscall(SYS_add_key, "user", "payload", "x", 1, -3));
  if (strcmp(name, "bpf") == 0) return answer(name, syscall(SYS_bpf, 0, NULL, 0));
  if (strcmp(name, "ptrace") == 0) return answer(name, syscall(SYS_ptrace, 0, 0, 0, 0));
  if (strcmp(name, "reboot") == 0) return answer(name, syscall(SYS_reboot, 0, 0, 0, NULL));
  if (strcmp(name, "kexec_load") == 0) return answer(name, syscall(SYS_kexec_load, 0, 0, NULL, 0));
  if (strcmp(name, "setns") == 0) return answer(name, setns(-1, 0));
  if (strcmp(name, "sethostname") == 0) return answer(name, sethostname("payload", 7));
  if (strcmp(name, "chroot") == 0) return answer(name, chroot("/"));
  if (strcmp(name, "io_uring_setup") == 0) return answer(name, syscall(SYS_io_uring_setup, 1, NULL));
  if (strcmp(name, "userfaultfd") == 0) return answer(name, syscall(SYS_userfaultfd, 0));
  if (strcmp(name, "perf_event_open") == 0) return answer(name, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  if (strcmp(name, "clock_settime") == 0) return answer(name, clock_settime(CLOCK_REALTIME, &(struct timespec){0}));
  if (strcmp(name, "nice") == 0) return answer(name, nice(-1) == -1 ? -1 : 0);
  char *end;
  long number = strtol(name, &end, 10);
  if (*name && !*end) return answer(name, syscall(number, 0, 0, 0, 0, 0, 0));
  fprintf(stderr, "payload: no system call named '%s' here; a number works too\n", name);
  return 64;
}

const struct command process_commands[] = {
  {"memhog", "MIB [SECONDS]", "touch memory, then keep it", memhog},
  {"forkbomb", "N", "fork N children at once; says how many and why it stopped", forkbomb},
  {"cpu", "SECONDS", "spin; prints wall and CPU seconds", cpu},
  {"exit", "CODE", "end with this code", leave},
  {"signal", "NUMBER", "send itself a signal", suicide},
  {"ignore-term", "", "stay, whatever SIGTERM says", ignore_term},
  {"on-term", "", "stay; at SIGTERM print 'terminated' and end", on_term},
  {"sleep", "[SECONDS]", "stay", sleeper},
  {"orphan", "[SECONDS]", "leave a background child in its own session", orphan},
  {"zombies", "N", "leave N children for PID 1 to reap", zombies},
  {"pretend", "NAME [ROOT]", "take a process name and a root, and stay", pretend},
#ifdef __x86_64__
  {"socket32", "socket|socketcall FAMILY", "make a socket as an i386 program does; prints 'ok' or the errno's name", socket32},
#endif
  {"syscall", "NAME|NUMBER", "do a system call; prints 'ok' or the errno's name", system_call},
  {0},
};
