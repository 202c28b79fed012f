import Foundation

/// Feeds code with damaged copies of good inputs: every input follows from the seed and its number alone.
///
/// `make fuzz` sets `SWIFTLET_FUZZ_SECONDS` (for each target), `SWIFTLET_FUZZ_SEED`, and `SWIFTLET_FUZZ_DIRECTORY`, where the input under
/// way is kept, so that one that ends the process can be looked at. Without them a target takes a few hundred inputs of seed 1.
package struct Fuzzer {
  package let name: String
  package let corpus: [[UInt8]]
  /// Words of the format, put in whole.
  package let tokens: [[UInt8]]

  package init(_ name: String, corpus: [[UInt8]], tokens: [String] = []) {
    self.name = name
    self.corpus = corpus
    self.tokens = tokens.map { Array($0.utf8) }
  }

  /// - Parameter body: gets the input and a text that repeats it, for messages.
  package func run(rounds: Int = 300, _ body: ([UInt8], String) async throws -> Void) async throws {
    let environment = ProcessInfo.processInfo.environment
    let seed = environment["SWIFTLET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    let seconds = environment["SWIFTLET_FUZZ_SECONDS"].flatMap { Double($0) }
    let input = try environment["SWIFTLET_FUZZ_DIRECTORY"].map { directory -> FileHandle in
      let path = "\(directory)/\(name).input"
      try Data().write(to: URL(fileURLWithPath: path))
      return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
    let end = seconds.map { ContinuousClock.now + .milliseconds(Int64($0 * 1000)) }
    var round = 0
    while end.map({ ContinuousClock.now < $0 }) ?? (round < rounds) {
      var random = SeededGenerator(seed &* 1_000_003 &+ UInt64(round))
      let bytes = round < corpus.count ? corpus[round] : damaged(&random)
      if let input {
        try input.seek(toOffset: 0)
        try input.write(contentsOf: Data(bytes))
        try input.truncate(atOffset: UInt64(bytes.count))
      }
      try await body(bytes, "seed \(seed), input \(round)")
      round += 1
    }
    if seconds != nil { print("fuzz: \(name): \(round) inputs of seed \(seed)") }
  }

  /// One of the corpus with one to eight changes: bits, bytes, numbers at their limits, tokens, cuts, repeats, parts of another one.
  package func damaged(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes = corpus[Int.random(in: 0..<corpus.count, using: &random)]
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      if bytes.isEmpty { bytes = [UInt8.random(in: 0...255, using: &random)] }
      let position = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, position + Int.random(in: 1...64, using: &random))
      switch UInt8.random(in: 0..<9, using: &random) {
      case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes.remove(at: position)
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
      case 4:
        let width = [1, 2, 4, 8].randomElement(using: &random) ?? 1
        let limit: UInt8 = [0x00, 0xff, 0x7f, 0x80].randomElement(using: &random) ?? 0
        for index in position..<min(bytes.count, position + width) { bytes[index] = limit }
      case 5: bytes.removeSubrange(position..<end)
      case 6: bytes.insert(contentsOf: bytes[position..<end], at: position)
      case 7:
        let other = corpus[Int.random(in: 0..<corpus.count, using: &random)]
        let start = other.isEmpty ? 0 : Int.random(in: 0..<other.count, using: &random)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 64)], at: position)
      default:
        if let token = tokens.randomElement(using: &random) { bytes.insert(contentsOf: token, at: position) }
      }
    }
    return bytes
  }
}
