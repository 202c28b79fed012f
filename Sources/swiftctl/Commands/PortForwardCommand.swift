import ArgumentParser
import RuntimeAPI
import Streaming

struct PortForwardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "port-forward", abstract: "Reach ports inside a pod through ports of this host.",
    discussion: "Connects to the pod's loopback address, IPv4 first, whatever its network. Serves until it is interrupted.")
  @OptionGroup var global: GlobalOptions
  @Option(help: "Where to listen.") var address = "127.0.0.1"
  @Argument(help: "Pod, by id or name.") var pod: String
  @Argument(help: "PORT, LOCAL:PORT, or :PORT for a free local one.") var ports: [String]

  func run() async throws {
    let ports = try ports.map(Self.pair)
    let runtime = try global.connect()
    let target = try await Lookup(runtime: runtime).pod(pod)
    let url = try await global.connectStreams().portForward(
      PortForwardRequest(sandbox: target.id, ports: ports.map { Int32($0.remote) }))
    let address = address
    do throws(StreamingError) {
      try await ForwardClient(url: url, address: address, ports: ports).run(
        listening: { local, remote in Terminal.write("\(address):\(local) -> \(remote)\n") },
        problem: { Terminal.writeError("swiftctl: \($0)\n") })
    } catch {
      throw Failure(error.description)
    }
  }

  static func pair(_ text: String) throws -> (local: Int, remote: UInt16) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let remote = UInt16(parts[parts.count - 1]), remote > 0 else {
      throw Failure("\(text) is not PORT, LOCAL:PORT or :PORT")
    }
    if parts.count == 2, parts[0].isEmpty { return (0, remote) }
    guard let local = UInt16(parts[0]), local > 0 else { throw Failure("\(text) is not PORT, LOCAL:PORT or :PORT") }
    return (Int(local), remote)
  }
}
