import CLinux
import Glibc

/// Sending and receiving without waiting for the other side.
extension UnixStream {
  /// From now on neither `sendAvailable` nor `receive` blocks; `receive` throws EAGAIN when nothing is there.
  public func setNonBlocking() throws(SystemCallError) {
    _ = try withRaw { raw throws(SystemCallError) in
      try systemCall("fcntl(F_SETFL)", on: "podshim") { fcntl(raw, F_SETFL, O_NONBLOCK) }
    }
  }

  /// Sends what the peer's buffer takes; the descriptors travel with the first byte. 0: it takes nothing now.
  public func sendAvailable(_ bytes: ArraySlice<UInt8>, descriptors: [CInt] = []) throws(SystemCallError) -> Int {
    do {
      return Int(
        try withRaw { raw throws(SystemCallError) in
          try kernelCall("sendmsg", on: "podshim") {
            unsafe bytes.withUnsafeBytes { buffer in
              unsafe cl_send_descriptors(raw, buffer.baseAddress!, buffer.count, descriptors, CInt(descriptors.count))
            }
          }
        })
    } catch  where error.code == EAGAIN {
      return 0
    }
  }
}
