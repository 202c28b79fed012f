internal import KubeModel
internal import NIOCore
internal import RuntimeAPI

/// Does a single try of a probe.
struct Prober: Sendable {
  static let agent = "kube-probe/1.36"
  let runtime: any ContainerRuntime
  let group: any EventLoopGroup

  /// - Parameter podIP: empty if the pod has none: a probe never goes to this agent's own addresses instead.
  func run(_ probe: Probe, _ container: Container, id: ContainerID, podIP: String) async -> ProbeResult {
    let timeout = Int64(max(1, probe.timeoutSeconds ?? 1))
    if let exec = probe.exec { return await run(exec, container, id: id, timeout: timeout) }
    if let get = probe.httpGet {
      guard let port = ProbePorts.resolve(get.port, container) else { return .error("invalid port \(get.port)") }
      let request = HTTPRequest(get, port: port, podIP: podIP, agent: Self.agent)
      if request.target.host.isEmpty { return .error("the pod has no IP address") }
      return await HTTPProbeClient(group: group).probe(request, timeout: .seconds(timeout))
    }
    if let socket = probe.tcpSocket {
      guard let port = ProbePorts.resolve(socket.port, container) else { return .error("invalid port \(socket.port)") }
      let host = socket.host.flatMap { $0.isEmpty ? nil : $0 } ?? podIP
      if host.isEmpty { return .error("the pod has no IP address") }
      return await connect(host, port, timeout: timeout)
    }
    if let grpc = probe.grpc {
      if podIP.isEmpty { return .error("the pod has no IP address") }
      return await GRPCProbeClient(group: group).probe(
        podIP, Int(grpc.port), service: grpc.service ?? "", timeout: .seconds(timeout))
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
      let channel = try await ProbeDial.open(host, port, group: group, timeout: .seconds(timeout))
      channel.close(promise: nil)
      return .success("")
    } catch {
      let authority = RequestTarget(isTLS: false, host: host, port: port, path: "").authority
      return .failure("dial tcp \(authority): \(ProbeDial.words(error))")
    }
  }
}

extension Pod {
  /// Where probes and hooks find the pod; empty: nowhere yet.
  func probeAddress(podIPs: [String], node: NodeFacts) -> String {
    // A pod of the node's network is wherever the node is, also one without an address.
    isHostNetwork ? node.hostIPs.first ?? "127.0.0.1" : podIPs.first ?? ""
  }
}
