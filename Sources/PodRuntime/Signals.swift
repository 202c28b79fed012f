import RuntimeAPI

/// The CRI `Signal` enum against Linux signal numbers and the names images use.
enum Signals {
  /// SIGTERM when a container says nothing.
  static let defaultCRI: Int32 = 23

  /// CRI enum value -> Linux number (x86_64 and arm64 share them). Source: CRI Signal, signal(7).
  static let numbers: [Int32: Int32] = {
    let plain: [(Int32, Int32)] = [
      (1, 6), (2, 14), (3, 7), (4, 17), (5, 17), (6, 18), (7, 8), (8, 1), (9, 4), (10, 2), (11, 29), (12, 6), (13, 9), (14, 13),
      (15, 29), (16, 27), (17, 30), (18, 3), (19, 11), (20, 16), (21, 19), (22, 31), (23, 15), (24, 5), (25, 20), (26, 21),
      (27, 22), (28, 23), (29, 10), (30, 12), (31, 26), (32, 28), (33, 24), (34, 25),
    ]
    // SIGRTMIN (34 for programs: glibc keeps 32 and 33) ... SIGRTMIN+15, then SIGRTMAX-14 ... SIGRTMAX (64).
    let fromMinimum = (Int32(0)...15).map { (35 + $0, 34 + $0) }
    let toMaximum = (Int32(0)...14).map { (51 + $0, 50 + $0) }
    return Dictionary(uniqueKeysWithValues: plain + fromMinimum + toMaximum)
  }()

  private static let names: [String: Int32] = [
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "IOT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11,
    "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
    "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29, "POLL": 29,
    "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
  ]

  /// An image's StopSignal: a number, or a name with or without SIG, `RTMIN+n` and `RTMAX-n` included. nil: not a signal.
  static func number(named text: String) -> Int32? {
    if let number = Int32(text) { return (1...64).contains(number) ? number : nil }
    let name = text.uppercased().hasPrefix("SIG") ? String(text.uppercased().dropFirst(3)) : text.uppercased()
    if let number = names[name] { return number }
    if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) { return 34 + offset }
    if name.hasPrefix("RTMAX-"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) { return 64 - offset }
    return nil
  }

  /// What stops a container: its own setting, else its image's, else SIGTERM. Both forms, as status reports the CRI value.
  static func stop(config: Int32, image: String?) -> (number: Int32, cri: Int32) {
    if config != 0, let number = numbers[config] { return (number, config) }
    if let image, !image.isEmpty, let number = number(named: image) {
      let cri = numbers.filter { $0.value == number }.map(\.key).min() ?? 0
      return (number, cri)
    }
    return (15, defaultCRI)
  }
}
