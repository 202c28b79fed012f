import ArgumentParser
import FoundationEssentials
import LinuxSystem
import RuntimeAPI

struct CopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cp", abstract: "Copy files between this node and a running container.",
    discussion: """
      One of the two is CONTAINER:PATH, the other a path here (one with a colon in it begins with / or .). A directory is copied with what is \
      in it; into one that is there it goes under its own name, and what is in it if SOURCE ends in /. . Nothing is run in the container, \
      which needs no tar: its files are reached through the root of its process, by root on its node.

      Files from a container are the caller's, without set-user-ID; its links, devices and sockets are not copied. Files for a container are \
      root's there, and links stay as they are.
      """)
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Do not say what was copied.") var quiet = false
  @Argument(help: "What to copy.") var source: String
  @Argument(help: "Where to.") var target: String

  func run() async throws {
    let (from, to) = (Self.parse(source), Self.parse(target))
    guard (from.container == nil) != (to.container == nil), let name = from.container ?? to.container else {
      throw Failure("one of the two is CONTAINER:PATH", hint: "swiftctl cp web:/etc/hosts . ; swiftctl cp page.html web:/www/")
    }
    let inside = try await root(of: name)
    let isOut = from.container != nil
    let copy = TreeCopy(keepsLinks: !isOut, modeMask: isOut ? 0o777 : 0o7777) { path in
      Terminal.writeError("swiftctl: not copied: \(path) is no file or directory\n")
    }
    do throws(SystemCallError) {
      let bytes = try copy.copy(from.path, in: isOut ? inside : .here, to: to.path, in: isOut ? .here : inside)
      if !quiet { Terminal.writeError("\(Format.bytes(bytes)) copied\n") }
    } catch {
      throw Failure("cannot copy \(source) to \(target): \(error.subject): \(error.reason)")
    }
  }

  /// A container's part ends at the first colon, unless the text is clearly a path.
  static func parse(_ text: String) -> (container: String?, path: String) {
    guard !text.hasPrefix("/"), !text.hasPrefix("."), let colon = text.firstIndex(of: ":") else { return (nil, text) }
    let path = String(text[text.index(after: colon)...])
    return (String(text[..<colon]), path.hasPrefix("/") ? path : "/\(path)")
  }

  private struct Facts: Decodable {
    let pid: Int32
    let cgroupPath: String?
  }

  /// The root of a container's process. Its number may be another's by the time it is opened: that one is in another cgroup.
  private func root(of name: String) async throws -> TreeCopy.Place {
    let runtime = try global.connect()
    let container = try await Lookup(runtime: runtime).container(name)
    guard container.state == .running else {
      throw Failure("container \(name) does not run", hint: "swiftctl start, or swiftctl run makes another one")
    }
    let info = try await runtime.containerStatus(container.id, verbose: true).info
    guard let facts = info.values.lazy.compactMap({ try? JSONDecoder().decode(Facts.self, from: Data($0.utf8)) }).first,
      facts.pid > 0
    else { throw Failure("the runtime does not say which process container \(name) is") }
    do throws(SystemCallError) {
      let place = try TreeCopy.Place.root(of: facts.pid)
      let cgroups = try readFile("/proc/\(facts.pid)/cgroup", limit: 1 << 16)
      let isIts = Filters.has(cgroups, container.id.rawValue) || facts.cgroupPath.map { Filters.has(cgroups, $0) } == true
      guard isIts else { throw SystemCallError(call: "open", subject: "/proc/\(facts.pid)", code: 3) }
      return place
    } catch {
      throw Failure(
        "cannot reach the files of container \(name): \(error)",
        hint: error.code == 13 || error.code == 1 ? "they are for root on the container's node: try sudo" : nil)
    }
  }
}
