import Glibc

/// What a process has open, as /proc shows it to one who may trace the process.
public struct OpenDescriptors: Equatable, Sendable {
  public var count: UInt64
  /// Those that are sockets, among the first `limit`.
  public var sockets: UInt64

  public init(count: UInt64 = 0, sockets: UInt64 = 0) {
    self.count = count
    self.sockets = sockets
  }

  /// - Parameter limit: as many are looked at one by one: a process opens a million if it likes.
  /// - Returns: nil for a process that is gone.
  public static func of(process: Int32, limit: Int = 4096) -> OpenDescriptors? {
    guard let stream = unsafe opendir("/proc/\(process)/fd") else { return nil }
    defer { unsafe closedir(stream) }
    let directory = unsafe dirfd(stream)
    var result = OpenDescriptors()
    // Since Linux 6.2 the directory's size is how many there are.
    var status = stat()
    let total = unsafe fstat(directory, &status) == 0 ? UInt64(status.st_size) : 0
    let socket: [CChar] = "socket:".utf8.map { CChar($0) }
    var target = [CChar](repeating: 0, count: socket.count)
    while let entry = unsafe readdir(stream) {
      let isSocket = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { name -> Bool? in
          if unsafe name[0] == CChar(UInt8(ascii: ".")) { return nil }
          return unsafe readlinkat(directory, name, &target, target.count) == target.count && target == socket
        }
      }
      guard let isSocket else { continue }
      result.count += 1
      if isSocket { result.sockets += 1 }
      if total > 0, result.count >= limit {
        result.count = max(result.count, total)
        break
      }
    }
    return result
  }
}
