/// What an executable's first page says about the program that has to load it.
public enum ExecutableHeader {
  /// `elf:` and the PT_INTERP path, `shebang:` and the first word, or "" for neither. Never traps, whatever the bytes.
  /// Source: elf(5), execve(2).
  public static func interpreter(_ header: [UInt8]) -> String {
    if header.count > 2, header[0] == UInt8(ascii: "#"), header[1] == UInt8(ascii: "!") {
      return "shebang:" + word(header, from: 2)
    }
    guard header.count >= 64, header[0] == 0x7F, header[1] == 0x45, header[2] == 0x4C, header[3] == 0x46, header[5] == 1 else {
      return ""
    }
    let wide = header[4] == 2
    let table = wide ? number(header, 32, 8) : number(header, 28, 4)
    let size = number(header, wide ? 54 : 42, 2)
    let count = number(header, wide ? 56 : 44, 2)
    guard size > 0 else { return "" }
    for entry in 0..<min(count, 64) {
      let base = table &+ entry &* size
      guard base >= 0, base < header.count, number(header, base, 4) == 3 else { continue }
      let offset = number(header, base + (wide ? 8 : 4), wide ? 8 : 4)
      guard offset >= 0, offset < header.count else { return "" }
      return "elf:" + word(header, from: offset)
    }
    return ""
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> Int {
    var value: UInt64 = 0
    for index in 0..<width where offset + index < bytes.count {
      value |= UInt64(bytes[offset + index]) << UInt64(index * 8)
    }
    return Int(truncatingIfNeeded: value & 0x7FFF_FFFF_FFFF)
  }

  private static func word(_ bytes: [UInt8], from start: Int) -> String {
    var word: [UInt8] = []
    for byte in bytes[start...] {
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
        if word.isEmpty { continue }
        break
      }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == 0 { break }
      word.append(byte)
    }
    return String(decoding: word, as: UTF8.self)
  }
}
