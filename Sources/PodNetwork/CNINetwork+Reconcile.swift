import CNI
import LinuxSystem
import Synchronization

extension CNINetwork {
  /// Gives back, in the background, what belongs to none of `liveOwners`; before pods are attached, plugins may give back what no record
  /// explains (GC).
  public func reconcile(liveOwners: Set<String>) async throws(PodNetworkError) -> NetworkReport {
    let found = try await runBlocking { [self] () throws(PodNetworkError) -> (records: [String], names: [String]) in
      try network("cannot read \(settings.records)") { (try records.ids(), try listDirectory(settings.namespaces)) }
    }
    var report = NetworkReport()
    let gone = Set(found.records + found.names).subtracting(liveOwners)
    report.sentences += gone.sorted().map { "gives back the network of \($0)" }
    try await runBlocking { [self] () throws(PodNetworkError) in
      try network("cannot make the host ports of pods that run again") {
        var pods: [String: CNIHostPorts.Pod] = [:]
        for owner in found.records where liveOwners.contains(owner) {
          pods[owner] = try? records.read(owner).flatMap(Self.hostPortPod)
        }
        try hostPorts.restore(pods)
      }
    }
    let chain = try? await current().chain
    let collection = Task { [self] in
      if let chain { await collectGarbage(chain, found.records) }
    }
    garbageCollection.withLock { $0 = collection }
    remaining.withLock { $0.formUnion(gone) }
    let retry = Task { [self] in
      await collection.value
      await retryRemaining()
    }
    retries.withLock { $0 = retry }
    return report
  }

  private func collectGarbage(_ chain: CNIChain, _ owners: [String]) async {
    let valid = await runBlocking { () -> [String]? in
      var valid: [String] = []
      for owner in owners {
        // Of one that cannot be read nobody knows whose it is: its address is not given to another pod.
        do { if try self.records.read(owner)?.configuration.name == chain.configuration.name { valid.append(owner) } } catch {
          return nil
        }
      }
      return valid
    }
    guard let valid else {
      return tell(.problem("network \(chain.configuration.name): nothing is collected, as records cannot be read"))
    }
    do throws(CNIError) { try await chain.collectGarbage(keeping: valid, until: .now + Self.limit) } catch {
      tell(.problem("network \(chain.configuration.name): \(error)"))
    }
  }

  /// Tries again what could not be given back.
  public func retryRemaining() async {
    for owner in remaining.withLock({ $0 }).sorted() {
      do throws(PodNetworkError) { try await detach(owner: owner) } catch { tell(.problem("\(error)")) }
    }
  }

  // MARK: Doctor

  /// Records and names of namespaces without a sandbox, as paths. Blocks.
  public func strays(_ isKnown: (String) -> Bool) throws(PodNetworkError) -> [String] {
    try network("cannot look for networks of pods that are gone") {
      try records.ids().filter { !isKnown($0) }.map { "\(settings.records)/\($0)" }
        + listDirectory(settings.namespaces).filter { !isKnown($0) }.map(namespacePath)
    }
  }

  /// Sandboxes among these whose network is no longer as it was made (CHECK), each with what its plugins say.
  public func damaged(_ owners: [String]) async -> [(owner: String, problem: String)] {
    var damaged: [(owner: String, problem: String)] = []
    for owner in owners {
      let record = await runBlocking { (try? self.records.read(owner)) ?? nil }
      guard let record, record.result != nil else { continue }
      do throws(CNIError) {
        try await CNIChain(record.configuration, runner).check(record.attachment, result: record.result, until: .now + Self.limit)
      } catch {
        damaged.append((owner, "\(error)"))
      }
    }
    return damaged
  }
}
