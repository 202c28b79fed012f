// bpf(2) for the one program type the runtime needs: which devices a cgroup may open. Not for use after fork.
#ifndef CLINUX_BPF_H
#define CLINUX_BPF_H
#include <stddef.h>
#include <stdint.h>

// BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE program of `count` instructions (struct bpf_insn, 8 bytes each): a close-on-exec
// descriptor of the program, or -errno.
int32_t cl_bpf_load_cgroup_device(const uint64_t *instructions, uint32_t count);
// BPF_PROG_ATTACH of that program to the cgroup directory with BPF_F_ALLOW_MULTI: 0 or -errno. The cgroup keeps the program alive.
int32_t cl_bpf_attach(int32_t cgroup, int32_t program);
#endif
