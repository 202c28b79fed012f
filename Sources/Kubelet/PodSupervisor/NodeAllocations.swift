internal import KubeModel

/// What the admitted pods of the node take: held by UID, released when a pod ends or goes. It survives the agent in the pods' own records,
/// which are on the disk before anything of a pod runs: at start this is built from them.
struct NodeAllocations: Sendable {
  struct HostPort: Hashable, Sendable {
    var number: Int32
    var transport: String
    var address: String
    func collides(with other: HostPort) -> Bool {
      number == other.number && transport == other.transport
        && (address == other.address || address.isEmpty || other.address.isEmpty)
    }
  }
  private struct Claim {
    var requests: [String: Quantity]
    var ports: [HostPort]
    var name: String
  }

  private var claims: [PodUID: Claim] = [:]
  private var ports: [Int32: [PodUID]] = [:]
  private var sums: [String: QuantitySum] = [:]

  init(_ pods: [Pod] = []) { for pod in pods { reserve(pod) } }

  var count: Int { claims.count }

  mutating func reserve(_ pod: Pod) {
    release(pod.podUID)
    let claim = Claim(requests: pod.requests, ports: Self.ports(pod), name: "\(pod.namespaceName)/\(pod.podName)")
    claims[pod.podUID] = claim
    for port in claim.ports { ports[port.number, default: []].append(pod.podUID) }
    for (name, amount) in claim.requests { sums[name, default: QuantitySum()].add(amount) }
  }

  mutating func release(_ uid: PodUID) {
    guard let claim = claims.removeValue(forKey: uid) else { return }
    for port in claim.ports {
      ports[port.number]?.removeAll { $0 == uid }
      if ports[port.number]?.isEmpty == true { ports[port.number] = nil }
    }
    for (name, amount) in claim.requests { sums[name]?.subtract(amount) }
  }

  /// What all pods together requested of a resource; exact, or clipped at 2^63-1.
  func used(_ resource: String) -> Quantity { sums[resource]?.total ?? 0 }

  /// The first port of a pod that another one has, and whose it is.
  func conflict(_ pod: Pod) -> (text: String, owner: String)? {
    for wanted in Self.ports(pod) {
      for uid in ports[wanted.number] ?? [] {
        guard let claim = claims[uid], claim.ports.contains(where: { $0.collides(with: wanted) }) else { continue }
        return ("\(wanted.number)/\(wanted.transport)", claim.name)
      }
    }
    return nil
  }

  private static func ports(_ pod: Pod) -> [HostPort] {
    pod.allContainers.flatMap { item in
      (item.container.ports ?? []).compactMap { port in
        let number = port.hostPort ?? (pod.isHostNetwork ? port.containerPort : 0)
        let address = port.hostIP ?? ""
        return number == 0
          ? nil : HostPort(number: number, transport: port.protocol ?? "TCP", address: address == "0.0.0.0" ? "" : address)
      }
    }
  }
}
