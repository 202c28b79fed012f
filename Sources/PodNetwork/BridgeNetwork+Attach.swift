public import LinuxSystem
import Netlink

extension BridgeNetwork {
  /// Gives a pod a network: one made in advance, or a new one. A failure takes everything back.
  /// - Parameter namespace: one that is there already; nil: one of the host's user namespace.
  public func attach(
    owner: String, portMappings: [HostPortMapping], namespace: SharedDescriptor? = nil
  ) throws(PodNetworkError) -> PodNetworkAttachment {
    if attachments[owner] != nil { throw PodNetworkError(.system, "\(owner) has a network already") }
    try prepareIfPostponed()
    do throws(PodNetworkError) {
      let member: PreparedNetworks.Member
      if namespace == nil, let ready = try takePrepared(owner: owner, hasPorts: !portMappings.isEmpty) {
        member = ready
      } else {
        member = try Self.make({ _ in owner }, in: namespace, attachments, link, reaper, settings)
      }
      if !portMappings.isEmpty { try publish(portMappings, owner: owner) }
      return PodNetworkAttachment(
        namespace: member.namespace, addresses: member.record.addresses, hostInterface: member.record.link)
    } catch {
      takeBack(owner: owner)
      throw error
    }
  }

  /// After an attach that failed or came too late: now, or as soon as it can be.
  func takeBack(owner: String) {
    guard let record = attachments[owner], record.use == .pod else { return }
    reaper.giveBack(record)
  }

  /// nil: none is ready.
  private func takePrepared(owner: String, hasPorts: Bool) throws(PodNetworkError) -> PreparedNetworks.Member? {
    while let member = prepared.take() {
      // Somebody may have removed the link; to look costs a turn of the kernel's routing lock, which ports take anyway.
      if hasPorts, !link.isThere(member.record) {
        giveBack(member.record)
        continue
      }
      do throws(PodNetworkError) {
        return PreparedNetworks.Member(record: try attachments.move(member.record, to: owner), namespace: member.namespace)
      } catch {
        giveBack(member.record)
        throw error
      }
    }
    return nil
  }

  /// A namespace with its link, recorded before it is made. A failure takes it back.
  static func make(
    _ owner: (String) -> String, in given: SharedDescriptor?, _ attachments: Attachments, _ link: PodLink, _ reaper: LinkReaper,
    _ settings: BridgeNetworkSettings
  ) throws(PodNetworkError) -> PreparedNetworks.Member {
    let namespace: SharedDescriptor
    if let given {
      namespace = given
    } else {
      namespace = try network("cannot make a network namespace") {
        try Faults.check(.networkNamespace)
        let made = try NetworkNamespace.create()
        try Faults.check(.networkNamespace, .after)
        return made
      }
    }
    try network("lease") { try Faults.check(.addressLease) }
    let record = try attachments.lease(owner, link: settings.linkName)
    do throws(PodNetworkError) {
      try network("lease") { try Faults.check(.addressLease, .after) }
      try network("cannot attach to bridge \(settings.bridgeName)") {
        try Faults.check(.vethCreate)
        try link.make(record, in: namespace)
      }
    } catch {
      reaper.giveBack(record)
      throw error
    }
    return PreparedNetworks.Member(record: record, namespace: namespace)
  }

  /// Takes host ports: not those of another pod, and not those a process of the host listens on.
  private func publish(_ mappings: [HostPortMapping], owner: String) throws(PodNetworkError) {
    try network("cannot take host ports") {
      try Faults.check(.hostPort)
      try ports.check(mappings)
      let record = try attachments.claim(mappings, owner: owner)
      try Faults.check(.hostPort, .middle)
      try link.setHairpin(record)
      try ports.open(record)
      try Faults.check(.hostPort, .after)
    }
  }

  /// Gives everything back. Host ports are free when this returns, addresses when the link is really gone, later. Idempotent, and right
  /// after an attach that failed half-way.
  public func detach(owner: String) throws(PodNetworkError) {
    guard let record = attachments[owner], record.use == .pod else { return }
    try reaper.release(record)
  }

  /// Of a network that no pod has.
  func giveBack(_ record: AttachmentRecord) { reaper.giveBack(record) }

  /// Begins to make networks in advance, as many as the settings say. After `reconcile`.
  public func startPreparing() {
    let (attachments, link, reaper, settings) = (attachments, link, reaper, settings)
    prepared.open { () throws(PodNetworkError) in
      try Self.make(AttachmentRecord.preparedOwner, in: nil, attachments, link, reaper, settings)
    }
  }

  /// Gives back what was made in advance, and waits until what is leaving is gone. Pods keep their networks.
  public func stop() async {
    for member in await prepared.close() { giveBack(member.record) }
    await reaper.drain()
  }
}
