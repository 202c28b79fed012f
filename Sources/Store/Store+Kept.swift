import LinuxSystem

/// A database that is lost or damaged costs a node its images and its pods: so a copy is kept beside it.
extension Store {
  /// Opens the database at `path`, after a look whether it is whole. One that is damaged is moved aside, and the copy at `copy` takes its
  /// place, as it does when there is none or an empty one; without a copy it begins empty.
  /// - Returns: the store, and a sentence when not all is as it was left.
  public static func open(_ path: String, copy: String) throws(StoreError) -> (store: Store, notice: String?) {
    let isThere = !((try? readFile(path, limit: 16)) ?? "").isEmpty
    let hasCopy = !((try? readFile(copy, limit: 16)) ?? "").isEmpty
    var problem = isThere ? nil : "the database was gone"
    if isThere {
      do {
        let store = try Store(path: path)
        guard let damage = try store.damage().first else { return (store, nil) }
        problem = "the database was damaged (\(damage))"
      } catch  where error.code == .damaged {
        problem = "\(error)"
      }
    }
    guard let problem, isThere || hasCopy else { return (try Store(path: path), nil) }
    do {
      for suffix in ["", "-wal", "-shm"] where try HostFiles.facts(path + suffix) != nil {
        if isThere { try replaceFile(path + suffix + ".damaged", with: path + suffix) } else { try removeTree(path + suffix) }
      }
      guard hasCopy else {
        return (try Store(path: path), "\(problem), and no copy is kept: it begins empty; the old one is \(path).damaged")
      }
      let copied = try Store(path: copy)
      guard try copied.damage().isEmpty else {
        return (try Store(path: path), "\(problem), and the kept copy is damaged too: it begins empty")
      }
      // A copy of the copy: the next start may need it again.
      try copied.copy(to: path)
    } catch {
      throw StoreError(.cannotOpen, "\(problem), and the copy \(copy) cannot take its place", cause: error)
    }
    return (try Store(path: path), "\(problem): the kept copy took its place; pods made after it are ended")
  }
}
