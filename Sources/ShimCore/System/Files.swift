import CLinux

/// File calls the shim and the interpreter share.
enum Files {
  static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0, at directory: Int32 = At.workingDirectory)
    throws(CallError) -> Descriptor
  {
    Descriptor(adopting: try check(unsafe cl_openat(directory, path, flags, mode), "openat", path))
  }

  static func status(_ descriptor: Int32, _ detail: String) throws(CallError) -> cl_stat {
    var status = cl_stat()
    try check(unsafe cl_fstat(descriptor, &status), "fstat", detail)
    return status
  }

  static func write(_ text: String, to descriptor: Int32) -> Int64 {
    let bytes = Array(text.utf8)
    return unsafe cl_write(descriptor, bytes, bytes.count)
  }

  /// The first `limit` bytes of a small file such as a kernel attribute.
  static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe cl_pread(descriptor, &bytes, limit, 0)
    guard count >= 0 else { return nil }
    bytes.removeLast(limit - Int(count))
    return bytes
  }
}

/// Whether `descriptor` is the null device, whatever path led to it: character device 1:3 (CVE-2025-31133).
func isNullDevice(_ status: cl_stat) -> Bool {
  status.mode & FileType.mask == FileType.character && status.device_major == 1 && status.device_minor == 3
}

/// Decimal text; the standard library's description would pull more code into podshim.
func decimal<T: FixedWidthInteger>(_ value: T) -> String { "\(value)" }
