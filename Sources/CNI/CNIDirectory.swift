import LinuxSystem
import Synchronization

/// The directory of configurations: which one is in use, and what is wrong with the others. A file that was good and is broken now counts
/// as it was, as long as it is there: a pod that comes while somebody edits gets the network that all others have.
public final class CNIDirectory: Sendable {
  /// What a look found.
  public struct View: Equatable, Sendable {
    /// Of the first file by name that is good, or was.
    public var current: (file: String, configuration: CNIConfiguration)?
    /// Of files that cannot be used as they are, by name: `FILE: line 3, column 7: …`.
    public var problems: [String] = []

    public static func == (one: View, other: View) -> Bool {
      one.current?.file == other.current?.file && one.current?.configuration == other.current?.configuration
        && one.problems == other.problems
    }
    /// Somebody means pods to have a network of plugins.
    public var isUsed: Bool { current != nil || !problems.isEmpty }
  }

  private struct File {
    var facts: FileFacts
    var problem: String?
    var lastGood: CNIConfiguration?
  }
  private struct State {
    var files: [String: File] = [:]
    var view = View()
  }

  public let path: String
  private let state = Mutex(State())
  private static let largest = 1 << 20

  public init(path: String) { self.path = path }

  /// As it was at the last look.
  public var view: View { state.withLock { $0.view } }

  public static func isList(_ file: String) -> Bool { file.hasSuffix(".conflist") }

  /// Reads what changed. Blocks for as long as the directory does.
  /// - Parameter again: reads also what looks as it did: a file that was written twice within a tick of the clock.
  /// - Returns: what there is, and whether it differs from the look before.
  @discardableResult
  public func look(again: Bool = false) -> (view: View, isNew: Bool) {
    state.withLock { state in
      let before = state.view
      let names: [String]
      do throws(SystemCallError) { names = try listDirectory(path) } catch {
        state.view.problems = ["\(path): \(error.reason)"]
        return (state.view, state.view != before)
      }
      var files: [String: File] = [:]
      // Source: go-cni and libcni, ConfFiles: these extensions, no directories.
      for name in names where [".conflist", ".conf", ".json"].contains(where: name.hasSuffix) {
        guard let facts = FileFacts.at("\(path)/\(name)", followsLink: true), facts.kind != .directory else { continue }
        let known = state.files[name]
        files[name] = !again && known?.facts == facts ? known : read(name, facts, lastGood: known?.lastGood)
      }
      state.files = files
      let sorted = files.sorted { $0.key < $1.key }
      let current = sorted.lazy.compactMap { name, file in file.lastGood.map { (file: name, configuration: $0) } }.first
      state.view = View(
        current: current, problems: sorted.compactMap { name, file in file.problem.map { "\(path)/\(name): \($0)" } })
      return (state.view, state.view != before)
    }
  }

  private func read(_ name: String, _ facts: FileFacts, lastGood: CNIConfiguration?) -> File {
    do {
      let bytes = try readRegularFile("\(path)/\(name)", limit: Self.largest)
      return File(facts: facts, lastGood: try CNIConfiguration(bytes, isList: Self.isList(name)))
    } catch let error as SystemCallError {
      return File(facts: facts, problem: error.reason, lastGood: lastGood)
    } catch {
      return File(facts: facts, problem: "\(error)" + (lastGood == nil ? "" : " (it counts as it was)"), lastGood: lastGood)
    }
  }
}
