package import CRIProto
package import RuntimeAPI

extension SandboxSummary {
  package init(_ message: Runtime_V1_PodSandbox) throws(RuntimeError) {
    self.init(
      id: SandboxID(message.id), metadata: SandboxMetadata(message.metadata), state: try enumeration(message.state, "state"),
      createdAt: message.createdAt, labels: message.labels, annotations: message.annotations,
      runtimeHandler: message.runtimeHandler)
  }
}

extension Runtime_V1_PodSandbox {
  package init(_ value: SandboxSummary) {
    self.init()
    id = value.id.rawValue
    metadata = Runtime_V1_PodSandboxMetadata(value.metadata)
    state = enumeration(value.state)
    createdAt = value.createdAt
    labels = value.labels
    annotations = value.annotations
    runtimeHandler = value.runtimeHandler
  }
}

extension SandboxStatus {
  package init(_ message: Runtime_V1_PodSandboxStatus) throws(RuntimeError) {
    self.init(
      id: SandboxID(message.id), metadata: SandboxMetadata(message.metadata), state: try enumeration(message.state, "state"),
      createdAt: message.createdAt, ip: message.network.ip, additionalIPs: message.network.additionalIps.map(\.ip),
      namespaces: try NamespaceOption(message.linux.namespaces.options, field: "linux.namespaces.options"),
      labels: message.labels, annotations: message.annotations, runtimeHandler: message.runtimeHandler)
  }
}

extension Runtime_V1_PodSandboxStatus {
  package init(_ value: SandboxStatus) {
    self.init()
    id = value.id.rawValue
    metadata = Runtime_V1_PodSandboxMetadata(value.metadata)
    state = enumeration(value.state)
    createdAt = value.createdAt
    // Present even when empty: kubelets tell "no address yet" from "runtime reports no network" by it.
    var network = Runtime_V1_PodSandboxNetworkStatus()
    network.ip = value.ip
    network.additionalIps = value.additionalIPs.map { address in
      var ip = Runtime_V1_PodIP()
      ip.ip = address
      return ip
    }
    self.network = network
    linux.namespaces.options = Runtime_V1_NamespaceOption(value.namespaces)
    labels = value.labels
    annotations = value.annotations
    runtimeHandler = value.runtimeHandler
  }
}

extension SandboxFilter {
  package init(_ message: Runtime_V1_PodSandboxFilter) throws(RuntimeError) {
    self.init(
      id: message.id, state: message.hasState ? try enumeration(message.state.state, "filter.state") : nil,
      labels: message.labelSelector)
  }

  package init(_ message: Runtime_V1_PodSandboxStatsFilter) {
    self.init(id: message.id, labels: message.labelSelector)
  }
}

extension Runtime_V1_PodSandboxFilter {
  package init(_ value: SandboxFilter) {
    self.init()
    id = value.id
    if let state = value.state { self.state.state = enumeration(state) }
    labelSelector = value.labels
  }
}

extension Runtime_V1_PodSandboxStatsFilter {
  package init(_ value: SandboxFilter) {
    self.init()
    id = value.id
    labelSelector = value.labels
  }
}
