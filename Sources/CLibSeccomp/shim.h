#ifndef CLIBSECCOMP_SHIM_H
#define CLIBSECCOMP_SHIM_H
#include <seccomp.h>
#endif
