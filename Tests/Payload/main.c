#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "payload.h"

static const struct command *const groups[] = {report_commands, process_commands, file_commands, network_commands};

int failed(const char *what) {
  fprintf(stderr, "payload: %s: %s (errno %d)\n", what, strerror(errno), errno);
  return 1;
}

const char *errno_name(int code) {
  static char number[16];
  switch (code) {
    case EPERM: return "EPERM";
    case ENOENT: return "ENOENT";
    case EINTR: return "EINTR";
    case EIO: return "EIO";
    case ENXIO: return "ENXIO";
    case EBADF: return "EBADF";
    case EAGAIN: return "EAGAIN";
    case ENOMEM: return "ENOMEM";
    case EACCES: return "EACCES";
    case EFAULT: return "EFAULT";
    case EBUSY: return "EBUSY";
    case EEXIST: return "EEXIST";
    case ENODEV: return "ENODEV";
    case ENOTDIR: return "ENOTDIR";
    case EISDIR: return "EISDIR";
    case EINVAL: return "EINVAL";
    case ETXTBSY: return "ETXTBSY";
    case ENOSPC: return "ENOSPC";
    case EROFS: return "EROFS";
    case ENOSYS: return "ENOSYS";
    case ELOOP: return "ELOOP";
    case EOPNOTSUPP: return "EOPNOTSUPP";
    case ENOKEY: return "ENOKEY";
    default:
      snprintf(number, sizeof number, "%d", code);
      return number;
  }
}

void print_json_string(const char *text) {
  putchar('"');
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') printf("\\%c", byte);
    else if (byte < 0x20) printf("\\u%04x", byte);
    else putchar(byte);
  }
  putchar('"');
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t group = 0; argc > 1 && group < sizeof groups / sizeof *groups; group++)
    for (const struct command *command = groups[group]; command->name; command++)
      if (strcmp(command->name, argv[1]) == 0) return command->run(argc - 1, argv + 1);
  // The image's default command: a container that stays.
  if (argc == 1)
    for (;;) pause();
  fprintf(stderr, "payload: unknown sub-command '%s'; there are:\n", argv[1]);
  for (size_t group = 0; group < sizeof groups / sizeof *groups; group++)
    for (const struct command *command = groups[group]; command->name; command++)
      fprintf(stderr, "  %-16s %-24s %s\n", command->name, command->arguments, command->purpose);
  return 64;
}
