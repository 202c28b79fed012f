// The static program that runs inside test containers and reports what it sees. One sub-command per function;
// each returns the exit status. Reports are lines `key value` or JSON where values are free text.
#ifndef PAYLOAD_H
#define PAYLOAD_H

struct command {
  const char *name;
  const char *arguments;
  const char *purpose;
  int (*run)(int argc, char **argv);  // argv[0] is the sub-command's name
};

extern const struct command report_commands[];
extern const struct command process_commands[];
extern const struct command file_commands[];
extern const struct command network_commands[];

/// Prints `payload: WHAT: strerror(errno)` to stderr and returns 1.
int failed(const char *what);
/// The symbolic name of an error number ("EPERM"), or its number as text: musl has no strerrorname_np.
const char *errno_name(int code);
/// Prints `text` as a JSON string, quotes included.
void print_json_string(const char *text);

#endif
