import CRIClient
import Dispatch
import Foundation
import RuntimeAPI

#if canImport(Glibc)
  import Glibc
#endif

/// Times the CRI calls of a pod's life against any runtime: Swiftlet, containerd, CRI-O.
@main
struct CRIBench {
  static func main() async {
    let options: Options
    do throws(UsageError) { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
      report("\(error)\n\(Options.usage)")
      exit(2)
    }
    let pods = Pods(runtime: RemoteRuntime(socketPath: options.endpoint), options: options)
    do {
      if let count = options.keep { try await keep(count, pods) } else { try await measure(options, pods) }
    } catch {
      report("\(error)")
      await pods.removeLeftovers()
      exit(1)
    }
  }

  private static func measure(_ options: Options, _ pods: Pods) async throws {
    let version = try await pods.runtime.version()
    var ignored = Timings()
    var index = 0
    var kept: [Pods.Pod] = []
    for _ in 0..<options.podsKept {
      kept.append(try await pods.create(index, &ignored))
      index += 1
    }
    var timings = Timings()
    for round in 0..<(options.warmUp + options.iterations) {
      var current = round < options.warmUp ? ignored : timings
      let pod = try await pods.create(index, &current)
      try await pods.exec(pod, &current)
      try await pods.remove(pod, &current)
      if round < options.warmUp { ignored = current } else { timings = current }
      index += 1
    }
    for pod in kept { try await pods.remove(pod, &ignored) }
    print("\(version.runtimeName) \(version.runtimeVersion), \(options.podsKept) other pods")
    print(timings.table)
    if let file = options.jsonFile {
      let result = BenchResult(
        runtime: version.runtimeName, version: version.runtimeVersion, otherPods: options.podsKept, milliseconds: timings.rows)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(result).write(to: URL(filePath: file))
    }
  }

  private static func keep(_ count: Int, _ pods: Pods) async throws {
    var ignored = Timings()
    var made: [Pods.Pod] = []
    for index in 0..<count { made.append(try await pods.create(index, &ignored)) }
    // Not print: standard output to a pipe would keep it.
    FileHandle.standardOutput.write(Data("\(count) pods run; Enter, end of input or SIGTERM removes them\n".utf8))
    await endOfWait()
    for pod in made { try await pods.remove(pod, &ignored) }
  }

  private static func endOfWait() async {
    let (events, continuation) = AsyncStream.makeStream(of: Void.self)
    signal(SIGTERM, SIG_IGN)
    signal(SIGINT, SIG_IGN)
    let sources = [SIGTERM, SIGINT].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
    // Reading blocks, so it has a queue of its own.
    DispatchQueue(label: "standard input").async {
      _ = readLine()
      continuation.yield()
    }
    for await _ in events { break }
    for source in sources { source.cancel() }
  }

  private static func report(_ text: String) {
    try? Data("cri-bench: \(text)\n".utf8).write(to: URL(filePath: "/dev/stderr"))
  }
}

/// What `--json` writes.
private struct BenchResult: Codable {
  let runtime: String
  let version: String
  let otherPods: Int
  let milliseconds: [Timings.Row]
}
