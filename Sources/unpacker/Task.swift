import LinuxSystem
import UnpackProtocol
import Unpacking

/// One of the things this program does. The process is sealed before anything is parsed.
struct Task {
  let arguments: [String]

  func run(_ answers: AnswerSocket) throws -> UnpackMessage {
    prepareUnpacking()
    let numbers = arguments.dropFirst().compactMap { Int64($0) }
    switch arguments.first {
    case "decompress" where numbers.count == 2 && numbers.allSatisfy { $0 >= 0 }:
      try answers.receive(count: 2)
      try Seal.close(around: -1, highestDescriptor: 5)
      return try Decompression(input: 4, offset: numbers[0], size: numbers[1], output: 5).run()
    case "decompress" where numbers.isEmpty:
      try answers.receive(count: 2)
      try Seal.close(around: -1, highestDescriptor: 5)
      return try Decompression(stream: 4, output: 5).run()
    case "index":
      try answers.receive(count: 1)
      try Seal.close(around: -1, highestDescriptor: 4)
      return try ArchiveIndex(input: 4).run(answers.send)
    case "layer" where numbers.count == 2 && numbers.allSatisfy { $0 >= 0 }:
      try answers.receive(count: 2)
      try Seal.close(around: 5, highestDescriptor: 4)
      var limits = LayerExtractor.Limits()
      (limits.entries, limits.bytes) = (UInt64(numbers[0]), numbers[1])
      var extractor = try LayerExtractor(root: "/", limits: limits)
      return try extractor.run(input: 4, answers.send)
    #if DEBUG
      case "probe":
        try answers.receive(count: 2)
        try Seal.close(around: 5, highestDescriptor: 4, calls: arguments.last == "sealed")
        return .failed(.inputOutput, Probe.report())
    #endif
    default: throw UnpackError(.inputOutput, "the agent and its unpacker do not understand each other: are they of one version?")
    }
  }
}
