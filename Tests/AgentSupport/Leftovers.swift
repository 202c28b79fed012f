import Foundation
import Glibc
import LinuxSystem
import Netlink
import Store
import TestSupport

/// What of an agent is still on the node. Read from the kernel and the disk, not from the agent.
package struct Leftovers {
  package let agent: AgentFixture

  package init(of agent: AgentFixture) { self.agent = agent }

  /// What stays; the kernel takes a moment to let go of a namespace's links.
  package func settled(seconds: Double = 30) async -> [String] {
    var found: [String] = []
    _ = await eventually(seconds) {
      found = all()
      return found.isEmpty
    }
    return found
  }

  package func all() -> [String] {
    processes().map { "process \($0.pid): \($0.text)" } + mounts().map { "mount \($0)" } + links().map { "link \($0)" }
      + cgroups().map { "cgroup \($0)" } + tables() + records() + files().map { "file \($0)" }
  }

  /// Processes in the agent's cgroups, or podshims of its state directory.
  package func processes() -> [(pid: Int32, text: String)] {
    HostState.pids().compactMap { pid in
      guard pid != agent.pid else { return nil }
      let command = HostState.commandLine(pid)
      let cgroup = HostState.text("/proc/\(pid)/cgroup")
      guard command.contains(agent.state) || tops.contains(where: { cgroup.contains("\($0)/") }) else { return nil }
      return (pid, "\(command) [\(HostState.text("/proc/\(pid)/comm").dropLast())]")
    }
  }

  package func mounts() -> [String] {
    HostState.text("/proc/self/mountinfo").split(separator: "\n").map(String.init).filter { line in
      // The root directory itself may be a disk of the test's.
      line.contains(agent.base) && !line.contains(" \(agent.root) ")
    }
  }

  /// The bridge, and pods' links while no other agent of this test process has some.
  package func links() -> [String] {
    HostState.text("/proc/thread-self/net/dev").split(separator: "\n").dropFirst(2).map { line in
      String(line.prefix { $0 != ":" }).trimmingCharacters(in: .whitespaces)
    }.filter { $0 == agent.bridge || (AgentFixture.live == 1 && $0.hasPrefix("veth")) }
  }

  /// The cgroups that are the agent's, below the mount.
  private var tops: [String] { agent.options.ownsNode ? ["/kubepods", "/swiftlet"] : [agent.cgroupRoot] }

  package func cgroups() -> [String] {
    guard let mount = HostState.cgroupMount else { return [] }
    return tops.map { mount + $0 }.filter { FileManager.default.fileExists(atPath: $0) }.flatMap { top in
      let below = FileManager.default.enumerator(atPath: top)?.compactMap { $0 as? String } ?? []
      return [top] + below.filter { $0.hasSuffix("cgroup.procs") && $0.contains("/") }.map { "\(top)/\($0)" }
    }
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
      found += try Documents("network/\(agent.bridge)", in: store).all().map { "network of \($0.id)" }
      return found
    } catch {
      return ["database not readable: \(error)"]
    }
  }

  private func files() -> [String] {
    ["\(agent.root)/containers", "\(agent.root)/pods", "\(agent.state)/sandboxes", "\(agent.root)/cni", "\(agent.state)/netns"]
      .flatMap { directory in
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map { "\(directory)/\($0)" }
      }
  }

  /// After a failure: so that the next test finds a clean node.
  package func remove() async {
    await HostCleaner.clean(directory: agent.base, cgroups: tops, keeping: [agent.root])
    if let route = try? NetlinkSocket.route() {
      for link in links() { try? route.perform(RouteRequests.deleteLink(link)) }
    }
  }
}
