/// A tar writer that checks nothing, so that archives can be hostile. Source: POSIX ustar.
struct Tar {
  private(set) var bytes: [UInt8] = []

  /// Type flags of ustar and pax.
  static let file: Character = "0"
  static let hardLink: Character = "1"
  static let symbolicLink: Character = "2"
  static let characterDevice: Character = "3"
  static let directory: Character = "5"
  static let fifo: Character = "6"
  static let pax: Character = "x"
  static let gnuLongName: Character = "L"

  /// - Parameter size: what the header says; nil: the truth.
  mutating func add(
    _ name: String, _ content: [UInt8] = [], type: Character = Tar.file, mode: Int = 0o644, link: String = "", size: Int? = nil,
    device: (Int, Int) = (0, 0)
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int, _ width: Int) {
      for (index, byte) in text.utf8.prefix(width).enumerated() { header[offset + index] = byte }
    }
    func octal(_ value: Int, at offset: Int, _ width: Int) {
      let digits = String(value, radix: 8)
      put(String(repeating: "0", count: max(0, width - 1 - digits.utf8.count)) + digits, at: offset, width - 1)
    }
    put(name, at: 0, 100)
    octal(mode, at: 100, 8)
    octal(0, at: 108, 8)
    octal(0, at: 116, 8)
    if let size, size > 0o77777777777 {
      // Base 256.
      header[124] = 0x80
      for index in 0..<8 { header[135 - index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    } else {
      octal(size ?? content.count, at: 124, 12)
    }
    octal(1_700_000_000, at: 136, 12)
    put(String(type), at: 156, 1)
    put(link, at: 157, 100)
    put("ustar", at: 257, 6)
    put("00", at: 263, 2)
    octal(device.0, at: 329, 8)
    octal(device.1, at: 337, 8)
    put("        ", at: 148, 8)
    octal(header.reduce(0) { $0 + Int($1) }, at: 148, 7)
    header[154] = 0
    bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  mutating func add(_ name: String, text: String, mode: Int = 0o644) { add(name, Array(text.utf8), mode: mode) }
  mutating func directory(_ name: String, mode: Int = 0o755) { add(name, type: Tar.directory, mode: mode) }

  /// An entry with extended attributes in a pax header before it.
  mutating func add(
    pax records: [String: String], _ name: String, _ content: [UInt8] = [], type: Character = Tar.file, link: String = ""
  ) {
    let body = records.sorted { $0.key < $1.key }.map { key, value in
      var length = key.utf8.count + value.utf8.count + 4
      while String(length).utf8.count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
      return "\(length) \(key)=\(value)\n"
    }.joined()
    add("pax", Array(body.utf8), type: Tar.pax)
    add(name, content, type: type, link: link)
  }

  /// With the two zero blocks at the end.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
