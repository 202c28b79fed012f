import RuntimeAPI

/// Finds what a person meant: an id, an id prefix, or a name.
struct Lookup {
  let runtime: any ContainerRuntime

  static let podName = "io.kubernetes.pod.name"
  static let podNamespace = "io.kubernetes.pod.namespace"

  /// A container by id, id prefix, `name`, `pod/name`. Of several with one name the running one wins, else the newest.
  func container(_ text: String) async throws -> ContainerSummary {
    let all = try await runtime.listContainers(ContainerFilter())
    if let exact = all.first(where: { $0.id.rawValue == text }) { return exact }
    let named = all.filter { container in
      let pod = container.labels[Self.podName] ?? ""
      return container.metadata.name == text || "\(pod)/\(container.metadata.name)" == text
    }
    if !named.isEmpty {
      let running = named.filter { $0.state == .running }
      let candidates = running.isEmpty ? Array(named.sorted { $0.createdAt > $1.createdAt }.prefix(1)) : running
      if candidates.count == 1 { return candidates[0] }
      let names = candidates.map { "\($0.labels[Self.podName] ?? $0.sandboxID.rawValue)/\($0.metadata.name)" }
      throw Failure(
        "\(candidates.count) running containers are called \(text)", hint: "say which: \(names.joined(separator: ", "))")
    }
    if let only = try await onlyContainer(ofPod: text, among: all) { return only }
    return try one(all, text, "container", "swiftctl ps -a") { $0.id.rawValue }
  }

  /// A pod's name stands for its container when it has one. nil: no pod is called so.
  private func onlyContainer(ofPod text: String, among all: [ContainerSummary]) async throws -> ContainerSummary? {
    let own = all.filter { container in
      let pod = container.labels[Self.podName] ?? ""
      return !pod.isEmpty && (pod == text || "\(container.labels[Self.podNamespace] ?? "")/\(pod)" == text)
    }
    let names = Set(own.map(\.metadata.name)).sorted()
    if names.count > 1 {
      throw Failure(
        "pod \(text) has \(names.count) containers", hint: "say which: \(names.map { "\(text)/\($0)" }.joined(separator: ", "))")
    }
    return own.first { $0.state == .running } ?? own.max { $0.createdAt < $1.createdAt }
  }

  /// A sandbox by id, id prefix, pod name or `namespace/name`. Of several attempts the ready one wins, else the newest.
  func pod(_ text: String) async throws -> SandboxSummary {
    let all = try await runtime.listPodSandboxes(SandboxFilter())
    if let exact = all.first(where: { $0.id.rawValue == text }) { return exact }
    let named = all.filter { $0.metadata.name == text || "\($0.metadata.namespace)/\($0.metadata.name)" == text }
    if !named.isEmpty {
      let namespaces = Set(named.map(\.metadata.namespace))
      if namespaces.count > 1 {
        throw Failure(
          "pods called \(text) exist in several namespaces",
          hint: "say which: \(namespaces.sorted().map { "\($0)/\(text)" }.joined(separator: ", "))")
      }
      return named.first { $0.state == .ready } ?? named.max { $0.createdAt < $1.createdAt }!
    }
    return try one(all, text, "pod", "swiftctl pods") { $0.id.rawValue }
  }

  private func one<T>(_ all: [T], _ text: String, _ what: String, _ list: String, id: (T) -> String) throws -> T {
    let found = all.filter { id($0).hasPrefix(text) }
    if found.count == 1 { return found[0] }
    if found.count > 1 {
      throw Failure("\(text) is the beginning of \(found.count) \(what) ids", hint: "give more digits")
    }
    throw Failure("no \(what) with the name or id \(text)", hint: "\(list) shows what there is")
  }
}
