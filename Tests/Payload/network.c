// Sub-commands that talk TCP: a listener, an HTTP server with a switchable health check, a client.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "payload.h"

/// A listening socket on every IPv6 and IPv4 address, or on IPv4 alone where IPv6 is off; -1 and errno otherwise.
static int listener(const char *port) {
  int one = 1, zero = 0, socket6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port))};
  if (socket6 >= 0) {
    setsockopt(socket6, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(socket6, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(socket6, (struct sockaddr *)&six, sizeof six) == 0 && listen(socket6, 64) == 0) return socket6;
    close(socket6);
  }
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = six.sin6_port};
  int socket4 = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(socket4, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(socket4, (struct sockaddr *)&four, sizeof four) || listen(socket4, 64)) return -1;
  return socket4;
}

static int tcp_listen(int argc, char **argv) {
  if (argc < 2) return 64;
  int server = listener(argv[1]);
  if (server < 0) return failed("listen");
  printf("listening %s\n", argv[1]);
  for (;;) {
    int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    dprintf(client, "hello\n");
    close(client);
  }
}

/// Answers 200 with the request's path as body; `/healthz` answers 500 while `unhealthy` exists, `/slow` after 5 s.
static int http(int argc, char **argv) {
  if (argc < 2) return 64;
  const char *unhealthy = argc > 2 ? argv[2] : "/tmp/unhealthy";
  int server = listener(argv[1]);
  if (server < 0) return failed("listen");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  printf("listening %s\n", argv[1]);
  for (;;) {
    int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    // A child per connection: one that says nothing must not stop the others.
    if (fork() != 0) {
      close(client);
      continue;
    }
    char request[8192] = "", method[16] = "", path[1024] = "";
    size_t length = 0;
    ssize_t count;
    while (length < sizeof request - 1 && !strstr(request, "\r\n\r\n")
      && (count = read(client, request + length, sizeof request - 1 - length)) > 0) length += (size_t)count;
    if (sscanf(request, "%15s %1023s", method, path) != 2) _exit(0);
    int healthy = strcmp(path, "/healthz") != 0 || access(unhealthy, F_OK) != 0;
    if (strcmp(path, "/slow") == 0) sleep(5);
    const char *line = strcmp(path, "/missing") == 0 ? "404 Not Found" : healthy ? "200 OK" : "500 Internal Server Error";
    dprintf(client, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
      line, strlen(path) + 1, path);
    printf("%s %s %s\n", method, path, line);
    _exit(0);
  }
}

static int connect_to(int argc, char **argv) {
  if (argc < 3) return 64;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses;
  int code = getaddrinfo(argv[1], argv[2], &hints, &addresses);
  if (code) {
    fprintf(stderr, "payload: %s: %s\n", argv[1], gai_strerror(code));
    return 1;
  }
  int client = socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval limit = {.tv_sec = 5};
  setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(client, addresses->ai_addr, addresses->ai_addrlen)) return failed("connect");
  if (argc > 3) dprintf(client, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argv[3], argv[1]);
  char buffer[4096];
  ssize_t length;
  while ((length = read(client, buffer, sizeof buffer)) > 0)
    if (write(1, buffer, (size_t)length) != length) return failed("write");
  return 0;
}

static int addresses(int argc, char **argv) {
  (void)argc, (void)argv;
  struct ifaddrs *list;
  if (getifaddrs(&list)) return failed("getifaddrs");
  for (struct ifaddrs *item = list; item; item = item->ifa_next) {
    char text[INET6_ADDRSTRLEN];
    if (!item->ifa_addr) continue;
    if (item->ifa_addr->sa_family == AF_INET)
      inet_ntop(AF_INET, &((struct sockaddr_in *)item->ifa_addr)->sin_addr, text, sizeof text);
    else if (item->ifa_addr->sa_family == AF_INET6)
      inet_ntop(AF_INET6, &((struct sockaddr_in6 *)item->ifa_addr)->sin6_addr, text, sizeof text);
    else continue;
    printf("%s %s %s\n", item->ifa_name, text, item->ifa_flags & IFF_UP ? "up" : "down");
  }
  freeifaddrs(list);
  return 0;
}

const struct command network_commands[] = {
  {"tcp-listen", "PORT", "accept, say hello, close", tcp_listen},
  {"http", "PORT [UNHEALTHY]", "web server; /healthz is 500 while the file UNHEALTHY exists", http},
  {"connect", "HOST PORT [PATH]", "print what a server says, after a GET where PATH is given", connect_to},
  {"addresses", "", "interface, address, up or down", addresses},
  {0},
};
