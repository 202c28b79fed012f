internal import FoundationEssentials
internal import NIOCore

extension NodeFacts {
  /// Reads what this host says about itself.
  /// - Parameters:
  ///   - controllers: cgroup v2 controllers pods can have here.
  ///   - resolvConf: path of the resolv.conf pods inherit; empty: none.
  public static func ofThisHost(name: String, controllers: Set<String>, resolvConf: String = "/etc/resolv.conf") -> NodeFacts {
    var facts = NodeFacts(
      name: name, memoryCapacity: memory(), milliCPUCapacity: Int64(ProcessInfo.processInfo.activeProcessorCount) * 1000,
      controllers: controllers)
    facts.hostIPs = addresses()
    facts.resolvConf = resolvConf.isEmpty ? "" : (try? String(contentsOfFile: resolvConf, encoding: .utf8)) ?? ""
    facts.hostsFile = (try? String(contentsOfFile: "/etc/hosts", encoding: .utf8)) ?? ""
    facts.hasAppArmor = (try? String(contentsOfFile: "/sys/module/apparmor/parameters/enabled", encoding: .utf8))?.first == "Y"
    facts.killsWholeContainerOnOOM = controllers.contains("memory")
    return facts
  }

  private static func memory() -> Int64 { Int64(clamping: ProcessInfo.processInfo.physicalMemory) }

  /// One address of each family, IPv4 first: neither loopback nor link-local, in the order of the interfaces.
  private static func addresses() -> [String] {
    let all = ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress }
    let usable = all.filter { !$0.hasPrefix("127.") && !$0.hasPrefix("169.254.") && $0 != "::1" && !$0.hasPrefix("fe80:") }
    return [usable.first { !$0.contains(":") }, usable.first { $0.contains(":") }].compactMap { $0 }
  }
}
