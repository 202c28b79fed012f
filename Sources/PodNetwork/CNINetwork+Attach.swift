import CNI
import LinuxSystem
import Netlink
import Synchronization

extension CNINetwork: PodNetworkProvider {
  public func attach(_ request: AttachRequest) async throws(PodNetworkError) -> PodNetworkAttachment {
    await garbageCollection.withLock({ $0 })?.value
    let deadline = ContinuousClock.now + request.limit
    let (file, chain) = try await current()
    let attachment = CNIAttachment(
      containerID: request.owner, namespace: namespacePath(request.owner), arguments: CNICapabilities.arguments(request),
      capabilities: try CNICapabilities.runtimeConfig(request, podCIDR: podCIDR.withLock { $0 }))
    var record = CNIRecord(configuration: chain.configuration, isList: CNIDirectory.isList(file), attachment: attachment)
    do throws(PodNetworkError) {
      let namespace = try await prepare(request, record)
      let result = try await add(chain, attachment, until: deadline)
      record.result = result.source
      let made = record
      try await runBlocking { [self] () throws(PodNetworkError) in
        try network("cannot write down the network of \(request.owner)") { try records.write(made) }
        if let pod = Self.hostPortPod(made) {
          try network("cannot take host ports") { try hostPorts.open(request.owner, pod) }
        }
      }
      return PodNetworkAttachment(
        namespace: namespace, addresses: result.addresses, hostInterface: result.hostInterfaces.first ?? "")
    } catch {
      // DEL comes after every ADD, however far that got.
      do throws(PodNetworkError) { try await detach(owner: request.owner) } catch {
        remaining.withLock { _ = $0.insert(request.owner) }
        tell(.problem("\(error)"))
      }
      throw error
    }
  }

  /// Who needs host ports of ours: no plugin makes them.
  static func hostPortPod(_ record: CNIRecord) -> CNIHostPorts.Pod? {
    guard !record.configuration.has("portMappings"), let source = record.result,
      let result = try? CNIResult(source, interface: CNIAttachment.interface)
    else { return nil }
    return CNIHostPorts.Pod(
      addresses: result.addresses.compactMap(IPAddress.init), ports: CNICapabilities.portMappings(record.attachment.capabilities),
      interfaces: result.hostInterfaces)
  }

  private func add(
    _ chain: CNIChain, _ attachment: CNIAttachment, until deadline: ContinuousClock.Instant
  ) async throws(PodNetworkError) -> CNIResult {
    let result: CNIResult
    do throws(CNIError) { result = try await chain.add(attachment, until: deadline) } catch {
      throw PodNetworkError(
        error.code == .timedOut ? .timedOut : .system, "network \(chain.configuration.name): \(error)")
    }
    guard !result.addresses.isEmpty, result.addresses.allSatisfy({ IPAddress($0) != nil }) else {
      throw PodNetworkError(
        .system,
        "network \(chain.configuration.name): its plugins gave \(CNIAttachment.interface) no address (\(result.addresses.joined(separator: ", ")))"
      )
    }
    return result
  }

  /// The namespace with its name, and the record, before anything leads to it.
  private func prepare(_ request: AttachRequest, _ record: CNIRecord) async throws(PodNetworkError) -> SharedDescriptor {
    try await runBlocking { [self] () throws(PodNetworkError) in
      try network("cannot make a network namespace") {
        let namespace = try request.namespace ?? NetworkNamespace.create()
        try NetworkNamespace.run(in: namespace) {
          if settings.unprivilegedPorts { try PodLink.setUnprivilegedPorts() }
          try NetlinkConnection.route().perform([RouteRequests.setUp(index: 1, name: "lo")])  // loopback is always the first
        }.get()
        try makeDirectory(settings.namespaces, mode: 0o711)
        try records.write(record)
        try HostFiles.bind(namespace, at: namespacePath(request.owner))
        return namespace
      }
    }
  }

  /// DEL with what the pod was made with, then its namespace's name and its record.
  public func detach(owner: String) async throws(PodNetworkError) {
    let path = namespacePath(owner)
    var record: CNIRecord?
    do throws(CNIError) { record = try await runBlocking { () throws(CNIError) in try self.records.read(owner) } } catch {
      tell(.problem("\(error): its network is given back with the configuration of today"))
      let (file, chain) = try await current()
      record = CNIRecord(
        configuration: chain.configuration, isList: CNIDirectory.isList(file),
        attachment: CNIAttachment(containerID: owner, namespace: path))
    }
    try await runBlocking { () throws(PodNetworkError) in
      try network("cannot close the host ports of \(owner)") { try self.hostPorts.close(owner) }
    }
    if var record {
      if FileFacts.at(path) == nil { record.attachment.namespace = "" }
      do throws(CNIError) {
        try await CNIChain(record.configuration, runner).delete(record.attachment, result: record.result, each: Self.limit)
      } catch {
        throw PodNetworkError(.system, "cannot give back the network \(record.configuration.name) of \(owner): \(error)")
      }
    }
    try await runBlocking { [self] () throws(PodNetworkError) in
      try network("cannot forget the network of \(owner)") {
        try HostFiles.unmount(path)
        try removeTree(path)
        try records.remove(owner)
      }
    }
    remaining.withLock { _ = $0.remove(owner) }
  }

  public func statistics(owner: String) async throws(PodNetworkError) -> InterfaceStatistics? {
    try await runBlocking { () throws(PodNetworkError) in try self.statistics(owner: owner) }
  }
}
