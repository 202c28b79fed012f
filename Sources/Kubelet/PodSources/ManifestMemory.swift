internal import Logging
internal import Store

/// The last good content of every manifest, kept over restarts: a file that breaks while no agent runs keeps its pod all the same.
struct ManifestMemory: Sendable {
  private let documents: Documents
  private let store: Store
  private let logger: Logger
  /// By path.
  private(set) var contents: [String: [UInt8]] = [:]

  init(_ store: Store, logger: Logger) {
    self.store = store
    self.logger = logger
    documents = Documents("kubelet-manifest", in: store)
  }

  mutating func load() async {
    do {
      let rows = try await store.read { [documents] in try documents.all(in: $0) }
      contents = Dictionary(rows.map { ($0.id, $0.bytes) }) { $1 }
    } catch {
      logger.error("The last good manifests cannot be read", metadata: ["error": "\(error)"])
    }
  }

  /// - Parameters:
  ///   - good: content that can be used as it is.
  ///   - gone: paths where nothing is any more.
  mutating func keep(_ good: [String: [UInt8]], gone: some Sequence<String>) async {
    let changed = good.filter { contents[$0.key] != $0.value }
    let gone = gone.filter { contents[$0] != nil }
    if changed.isEmpty, gone.isEmpty { return }
    do {
      try await store.write { [documents] transaction in
        for (path, bytes) in changed { try documents.put(id: path, bytes: bytes, in: transaction) }
        for path in gone { try documents.remove(path, in: transaction) }
      }
      contents.merge(changed) { $1 }
      for path in gone { contents[path] = nil }
    } catch {
      // Tried again with the next change.
      logger.error("The last good manifests cannot be saved", metadata: ["error": "\(error)"])
    }
  }
}
