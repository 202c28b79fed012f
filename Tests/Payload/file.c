// Sub-commands that read, write and print: files, log lines, standard input.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload.h"

static int print_lines(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 10;
  size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 80;
  char prefix[32], *line = malloc(size + 33);
  if (!line) return failed("malloc");
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  for (long index = 0; index < count; index++) {
    int length = snprintf(prefix, sizeof prefix, "%ld ", index);
    memset(line, 'x', size);
    memcpy(line, prefix, (size_t)length < size ? (size_t)length : size);
    line[size] = '\n';
    fwrite(line, 1, size + 1, stdout);
  }
  free(line);
  return fflush(stdout) ? failed("write") : 0;
}

static int both_streams(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 10;
  for (long index = 0; index < count; index++) {
    dprintf(1, "out %ld\n", index);
    dprintf(2, "err %ld\n", index);
  }
  return 0;
}

__attribute__((noreturn)) static int tick(int argc, char **argv) {
  long milliseconds = argc > 1 ? atol(argv[1]) : 100;
  for (long index = 0;; index++) {
    printf("tick %ld\n", index);
    usleep((useconds_t)milliseconds * 1000);
  }
}

static void append(const char *directory, const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0 || dprintf(file, "%s\n", text) < 0) _exit(failed(path));
  close(file);
}

/// Writes its start into DIRECTORY/NAME.starts and prints LINES numbered lines (0: for ever), holding a lock while it runs: a second one
/// beside it says so in DIRECTORY/violations.
static int storm(int argc, char **argv) {
  if (argc < 5) return 64;
  char path[256];
  snprintf(path, sizeof path, "%s/%s.lock", argv[1], argv[2]);
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return failed(path);
  if (flock(lock, LOCK_EX | LOCK_NB)) {
    append(argv[1], "violations", argv[2]);
    return 99;
  }
  snprintf(path, sizeof path, "%s.starts", argv[2]);
  append(argv[1], path, "start");
  long lines = atol(argv[3]);
  for (long index = 0; lines == 0 || index < lines; index++) {
    printf("line %ld\n", index);
    usleep(20000);
  }
  return atoi(argv[4]);
}

static int echo(int argc, char **argv) {
  (void)argc, (void)argv;
  char buffer[4096];
  ssize_t length;
  while ((length = read(0, buffer, sizeof buffer)) > 0)
    if (write(1, buffer, (size_t)length) != length) return failed("write");
  return length < 0 ? failed("read") : 0;
}

static int write_file(int argc, char **argv) {
  if (argc < 3) return 64;
  int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed(argv[1]);
  size_t length = strlen(argv[2]);
  if (write(file, argv[2], length) != (ssize_t)length) return failed(argv[1]);
  close(file);
  return 0;
}

static int read_file(int argc, char **argv) {
  char buffer[4096];
  ssize_t length;
  if (argc < 2) return 64;
  int file = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(argv[1]);
  while ((length = read(file, buffer, sizeof buffer)) > 0)
    if (write(1, buffer, (size_t)length) != length) return failed("write");
  return length < 0 ? failed(argv[1]) : 0;
}

static int open_for_write(int argc, char **argv) {
  if (argc < 2) return 64;
  int file = open(argv[1], O_WRONLY | O_CLOEXEC);
  if (file < 0) {
    printf("open %s\n", errno_name(errno));
    return 1;
  }
  puts("open ok");
  close(file);
  return 0;
}

static int status(int argc, char **argv) {
  struct stat status;
  if (argc < 2) return 64;
  if (lstat(argv[1], &status)) return failed(argv[1]);
  printf("mode %o\nuid %u\ngid %u\nsize %lld\nlinks %lu\ninode %llu\n", status.st_mode, status.st_uid, status.st_gid,
    (long long)status.st_size, (unsigned long)status.st_nlink, (unsigned long long)status.st_ino);
  return 0;
}

static int fill(int argc, char **argv) {
  if (argc < 3) return 64;
  long mebibytes = atol(argv[2]);
  static char block[1 << 20];
  int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed(argv[1]);
  for (long done = 0; done < mebibytes; done++)
    if (write(file, block, sizeof block) != (ssize_t)sizeof block) return failed(argv[1]);
  printf("filled %ld\n", mebibytes);
  return 0;
}

const struct command file_commands[] = {
  {"print-lines", "N SIZE", "N lines of SIZE bytes, each starting with its number", print_lines},
  {"both-streams", "N", "N lines to stdout and stderr in turn", both_streams},
  {"tick", "[MILLISECONDS]", "a numbered line again and again", tick},
  {"storm", "DIRECTORY NAME LINES CODE", "numbered lines, one run at a time, then an exit code", storm},
  {"echo", "", "standard input to standard output", echo},
  {"write-file", "PATH TEXT", "replace a file's content", write_file},
  {"read-file", "PATH", "print a file", read_file},
  {"open-for-write", "PATH", "prints 'open ok' or the errno's name", open_for_write},
  {"stat", "PATH", "mode, owner, size, links, inode (lstat)", status},
  {"fill", "PATH MIB", "write a file of this size", fill},
  {0},
};
