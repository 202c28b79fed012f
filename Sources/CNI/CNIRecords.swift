public import LinuxSystem

/// The attachments of an agent, a file for each: plain text beside the database, so that a lost database loses no address, and a person
/// can look. Calls block for as long as a disk does.
public struct CNIRecords: Sendable {
  let directory: String

  /// - Parameter directory: outlives a reboot, as the plugins' own leases do.
  public init(directory: String) { self.directory = directory }

  private func path(_ id: String) -> String { "\(directory)/\(id)" }

  /// On the disk when it returns: what is made next must be found after a loss of power.
  public func write(_ record: CNIRecord) throws(SystemCallError) {
    try makeDirectory(directory, mode: 0o700)
    let (path, partial) = (path(record.attachment.containerID), "\(directory)/.\(record.attachment.containerID)")
    try removeTree(partial)
    try HostFiles.write(record.bytes, to: partial)
    try replaceFile(path, with: partial)
  }

  /// Ids of sandboxes that have one.
  public func ids() throws(SystemCallError) -> [String] { try listDirectory(directory).filter { !$0.hasPrefix(".") }.sorted() }

  public func has(_ id: String) -> Bool { FileFacts.at(path(id)) != nil }

  /// nil: there is none.
  public func read(_ id: String) throws(CNIError) -> CNIRecord? {
    let bytes: [UInt8]
    do throws(SystemCallError) { bytes = try readRegularFile(path(id), limit: 16 << 20) } catch {
      if error.code == 2 { return nil }  // ENOENT
      throw CNIError(.invalidConfiguration, "cannot read \(path(id)): \(error.reason)")
    }
    do throws(CNIError) { return try CNIRecord(bytes) } catch {
      throw CNIError(.invalidConfiguration, "\(path(id)): \(error)")
    }
  }

  public func remove(_ id: String) throws(SystemCallError) { try removeTree(path(id)) }
}
