#define _GNU_SOURCE
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
  struct nlmsghdr header;
  char body[1024];
};

static int outer_namespace, outer_socket;
static int bridge;

static void *append(struct message *message, const void *bytes, size_t length) {
  char *place = (char *)message + NLMSG_ALIGN(message->header.nlmsg_len);
  memcpy(place, bytes, length);
  message->header.nlmsg_len = NLMSG_ALIGN(NLMSG_ALIGN(message->header.nlmsg_len) + (unsigned)length);
  return place;
}

static struct rtattr *attribute(struct message *message, unsigned short type, const void *bytes, size_t length) {
  struct rtattr head = {.rta_len = (unsigned short)RTA_LENGTH(length), .rta_type = type};
  struct rtattr *place = append(message, &head, sizeof head);
  if (length) append(message, bytes, length);
  return place;
}

static void close_nest(struct message *message, struct rtattr *nest) {
  nest->rta_len = (unsigned short)((char *)message + NLMSG_ALIGN(message->header.nlmsg_len) - (char *)nest);
}

static struct message request(unsigned short type, unsigned short flags) {
  return (struct message){.header = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST | NLM_F_ACK}};
}

static void perform(int netlink, struct message *message, const char *what) {
  char answer[4096];
  need((int)send(netlink, message, message->header.nlmsg_len, 0), what);
  need((int)recv(netlink, answer, sizeof answer, 0), what);
  errno = -((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)answer))->error;
  if (errno) need(-1, what);
}

static void set_link(int netlink, int index, int master) {
  struct message message = request(RTM_NEWLINK, 0);
  struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  append(&message, &link, sizeof link);
  if (master) attribute(&message, IFLA_MASTER, &master, sizeof master);
  perform(netlink, &message, "link up");
}

static void add_address(int netlink, int index, in_addr_t address) {
  struct message message = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  struct ifaddrmsg head = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = (unsigned)index};
  append(&message, &head, sizeof head);
  attribute(&message, IFA_LOCAL, &address, sizeof address);
  attribute(&message, IFA_ADDRESS, &address, sizeof address);
  perform(netlink, &message, "address");
}

static void add_default_route(int netlink, in_addr_t gateway) {
  struct message message = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  struct rtmsg head = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
  append(&message, &head, sizeof head);
  attribute(&message, RTA_GATEWAY, &gateway, sizeof gateway);
  perform(netlink, &message, "default route");
}

static int open_netlink(void) {
  return need(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink socket");
}

void network_prepare(void) {
  need(unshare(CLONE_NEWNET), "unshare network");
  outer_namespace = need(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "own network namespace");
  outer_socket = open_netlink();
  struct message message = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  struct ifinfomsg link = {0};
  append(&message, &link, sizeof link);
  attribute(&message, IFLA_IFNAME, "floor0", 7);
  struct rtattr *info = attribute(&message, IFLA_LINKINFO, NULL, 0);
  attribute(&message, IFLA_INFO_KIND, "bridge", 6);
  close_nest(&message, info);
  perform(outer_socket, &message, "bridge");
  bridge = (int)if_nametoindex("floor0");
  set_link(outer_socket, bridge, 0);
  add_address(outer_socket, bridge, inet_addr("10.90.0.1"));
}

int network_create(unsigned index) {
  char name[16];
  need(unshare(CLONE_NEWNET), "unshare network");
  int namespace = need(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "new network namespace");
  int netlink = open_netlink();
  need(setns(outer_namespace, CLONE_NEWNET), "setns back");

  snprintf(name, sizeof name, "f%u", index);
  struct message message = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  struct ifinfomsg link = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  append(&message, &link, sizeof link);
  attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
  attribute(&message, IFLA_MASTER, &bridge, sizeof bridge);
  struct rtattr *info = attribute(&message, IFLA_LINKINFO, NULL, 0);
  attribute(&message, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = attribute(&message, IFLA_INFO_DATA, NULL, 0);
  struct rtattr *peer = attribute(&message, VETH_INFO_PEER, NULL, 0);
  struct ifinfomsg other = {.ifi_index = 2};
  append(&message, &other, sizeof other);
  attribute(&message, IFLA_IFNAME, "eth0", 5);
  attribute(&message, IFLA_NET_NS_FD, &namespace, sizeof namespace);
  close_nest(&message, peer);
  close_nest(&message, data);
  close_nest(&message, info);
  perform(outer_socket, &message, "veth");

  set_link(netlink, 1, 0);
  add_address(netlink, 2, htonl(0x0a5a0000u + 2 + index % 65000));
  set_link(netlink, 2, 0);
  add_default_route(netlink, inet_addr("10.90.0.1"));
  close(netlink);
  return namespace;
}
