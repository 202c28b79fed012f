import Foundation
import Glibc
import LinuxSystem
import Netlink
import Store

/// What of an agent is still on the node. Read from the kernel and the disk, not from the agent.
struct Leftovers {
  let agent: AgentFixture

  init(of agent: AgentFixture) { self.agent = agent }

  /// What stays; the kernel takes a moment to let go of a namespace's links.
  func settled(seconds: Double = 5) async -> [String] {
    var found: [String] = []
    _ = await eventually(seconds) {
      found = all()
      return found.isEmpty
    }
    return found
  }

  private func all() -> [String] {
    processes().map { "process \($0.pid): \($0.text)" } + mounts().map { "mount \($0)" } + links().map { "link \($0)" }
      + cgroups().map { "cgroup \($0)" } + tables() + records() + files().map { "file \($0)" }
  }

  /// Processes in the agent's cgroups, or podshims of its state directory.
  func processes() -> [(pid: Int32, text: String)] {
    Self.pids().compactMap { pid in
      guard pid != agent.pid else { return nil }
      let command = Self.text("/proc/\(pid)/cmdline").split(separator: "\0").joined(separator: " ")
      let cgroup = Self.text("/proc/\(pid)/cgroup")
      guard command.contains(agent.base + "/state") || cgroup.contains(agent.cgroupRoot + "/") else { return nil }
      return (pid, "\(command) [\(Self.text("/proc/\(pid)/comm").dropLast())]")
    }
  }

  func mounts() -> [String] {
    Self.text("/proc/self/mountinfo").split(separator: "\n").map(String.init).filter { $0.contains(agent.base) }
  }

  /// The bridge, and pods' links while no other agent of this test process has some.
  func links() -> [String] {
    Self.text("/proc/thread-self/net/dev").split(separator: "\n").dropFirst(2).map { line in
      String(line.prefix { $0 != ":" }).trimmingCharacters(in: .whitespaces)
    }.filter { $0 == agent.bridge || (AgentFixture.live == 1 && $0.hasPrefix("veth")) }
  }

  func cgroups() -> [String] {
    guard let mount = Self.cgroupMount else { return [] }
    let top = mount + agent.cgroupRoot
    guard FileManager.default.fileExists(atPath: top) else { return [] }
    let below = FileManager.default.enumerator(atPath: top)?.compactMap { $0 as? String } ?? []
    return [top] + below.filter { $0.hasSuffix("cgroup.procs") && $0.contains("/") }.map { "\(top)/\($0)" }
  }

  private func tables() -> [String] {
    let name = "swiftlet-\(agent.bridge)"
    guard let socket = try? NetlinkSocket.netfilter(), (try? socket.get(NFTRequests(table: name).getTable())) != nil else {
      return []
    }
    return ["nf_tables table \(name)"]
  }

  /// Ledger and records in the agent's database. Only while the agent does not run.
  private func records() -> [String] {
    let path = "\(agent.root)/swiftlet.db"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      let store = try Store(path: path)
      var found = try Ledger(in: store).entries().map { "ledger \($0.kind) \($0.name)" }
      let pool = try Leases(in: store).all(pool: agent.bridge)
      found += pool.map { "lease \($0.key) of \($0.value)" }
      return found
    } catch {
      return ["database not readable: \(error)"]
    }
  }

  private func files() -> [String] {
    ["\(agent.root)/containers", "\(agent.root)/pods", "\(agent.state)/sandboxes"].flatMap { directory in
      ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map { "\(directory)/\($0)" }
    }
  }

  /// After a failure: so that the next test finds a clean node.
  func remove() {
    for process in processes() { kill(process.pid, SIGKILL) }
    if let mount = Self.cgroupMount {
      let top = mount + agent.cgroupRoot
      let below = FileManager.default.enumerator(atPath: top)?.compactMap { $0 as? String } ?? []
      usleep(processes().isEmpty ? 0 : 300_000)
      for path in below.sorted(by: { $0.count > $1.count }) { unsafe rmdir("\(top)/\(path)") }
      unsafe rmdir(top)
    }
    for line in mounts() {
      let fields = line.split(separator: " ")
      if fields.count > 4 { unsafe umount2(String(fields[4]), Int32(MNT_DETACH)) }
    }
    if let route = try? NetlinkSocket.route() {
      for link in links() { try? route.perform(RouteRequests.deleteLink(link)) }
    }
  }

  // MARK: Reading

  static let cgroupMount: String? = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
    FileManager.default.fileExists(atPath: "\($0)/cgroup.controllers")
  }

  static func pids() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
  }

  /// A file of /proc: its size is not known before it is read.
  static func text(_ path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
