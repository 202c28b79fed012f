import CRIClient
import CRIWork
import Glibc
import RuntimeAPI

/// Times the CRI calls of a pod's life against any runtime (Swiftlet, containerd, CRI-O), and the static pods of a Swiftlet agent.
@main
struct CRIBench {
  static func main() async {
    let options: Options
    do throws(UsageError) { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
      report("\(error)\n\(Options.usage)")
      exit(2)
    }
    if let count = options.staticPods {
      do { try await StaticPods(options: options).measure(count) } catch {
        report("\(error)")
        exit(1)
      }
      return
    }
    let pods = Pods(runtime: RemoteRuntime(socketPath: options.endpoint), work: options.work)
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
  }

  private static func keep(_ count: Int, _ pods: Pods) async throws {
    var ignored = Timings()
    var made: [Pods.Pod] = []
    for index in 0..<count { made.append(try await pods.create(index, &ignored)) }
    announce(count)
    _ = readLine()
    for pod in made { try await pods.remove(pod, &ignored) }
  }

  private static func report(_ text: String) {
    let bytes = Array("cri-bench: \(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// Says that the pods run. Flushed: standard output to a pipe would keep it.
func announce(_ count: Int) {
  print("\(count) pods run; Enter or end of input removes them")
  fflush(nil)
}
