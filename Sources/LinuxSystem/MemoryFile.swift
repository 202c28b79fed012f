import CLinux
import Glibc

/// An empty file without a name, in memory (memfd_create(2) MFD_CLOEXEC): for libraries that write to a descriptor only.
/// `name` shows in /proc/PID/fd.
public func memoryFile(_ name: String) throws(SystemCallError) -> OwnedDescriptor {
  OwnedDescriptor(adopting: try kernelCall("memfd_create", on: name) { unsafe cl_memfd_create(name, 1) })
}
