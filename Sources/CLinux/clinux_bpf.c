#define _GNU_SOURCE
#include "clinux_bpf.h"
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int32_t result(long r) { return r < 0 ? -errno : (int32_t)r; }

int32_t cl_bpf_load_cgroup_device(const uint64_t *instructions, uint32_t count) {
  union bpf_attr attributes = {0};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = (uintptr_t)instructions;
  attributes.insn_cnt = count;
  attributes.license = (uintptr_t) "Apache-2.0";
  return result(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

int32_t cl_bpf_attach(int32_t cgroup, int32_t program) {
  union bpf_attr attributes = {0};
  attributes.target_fd = (uint32_t)cgroup;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  return result(syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes));
}
