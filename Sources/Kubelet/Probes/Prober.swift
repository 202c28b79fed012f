internal import KubeModel
internal import NIOCore
internal import NIOPosix
internal import RuntimeAPI

/// Does a single try of a probe.
struct Prober: Sendable {
  static let agent = "kube-probe/1.36"
  let runtime: any ContainerRuntime
  let group: any EventLoopGroup

  func run(_ probe: Probe, _ container: Container, id: ContainerID, podIP: String) async -> ProbeResult {
    let timeout = Int64(max(1, probe.timeoutSeconds ?? 1))
    if let exec = probe.exec { return await run(exec, container, id: id, timeout: timeout) }
    if let get = probe.httpGet {
      guard let port = ProbePorts.resolve(get.port, container) else { return .error("invalid port \(get.port)") }
      let request = HTTPRequest(get, port: port, podIP: podIP, agent: Self.agent)
      return await HTTPProbeClient(group: group).probe(request, timeout: .seconds(timeout))
    }
    if let socket = probe.tcpSocket {
      guard let port = ProbePorts.resolve(socket.port, container) else { return .error("invalid port \(socket.port)") }
      return await connect(socket.host.flatMap { $0.isEmpty ? nil : $0 } ?? podIP, port, timeout: timeout)
    }
    return .error("missing probe handler")
  }

  /// Only literal environment values are expanded. Source: kubelet prober `runProbe`.
  private func run(_ exec: ExecAction, _ container: Container, id: ContainerID, timeout: Int64) async -> ProbeResult {
    let values = Dictionary((container.env ?? []).compactMap { variable in variable.value.map { (variable.name, $0) } }) { $1 }
    var command: [String] = []
    for word in exec.command ?? [] {
      do throws(Expansion.TooLong) { command.append(try Expansion.expand(word, values)) } catch { return .error("exec: \(error)") }
    }
    do {
      let result = try await runtime.execSync(id, command: command, timeout: timeout)
      let output = String(decoding: (result.stdout + result.stderr).prefix(HTTPProbeClient.bodyLimit), as: UTF8.self)
      return result.exitCode == 0 ? .success(output) : .failure(output)
    } catch  where error.code == .deadlineExceeded {
      return .failure("command timed out: \"\(command.joined(separator: " "))\" timed out after \(timeout)s")
    } catch {
      return .error(error.description)
    }
  }

  private func connect(_ host: String, _ port: Int, timeout: Int64) async -> ProbeResult {
    do {
      let channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(timeout)).connect(host: host, port: port).get()
      channel.close(promise: nil)
      return .success("")
    } catch {
      return .failure("dial tcp \(HTTPRequest.authority(host, port)): \(error)")
    }
  }
}
