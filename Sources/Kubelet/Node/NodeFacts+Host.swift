internal import LinuxSystem

extension NodeFacts {
  /// What this host says about itself. Blocks.
  /// - Parameter controllers: cgroup v2 controllers pods can have here.
  public static func ofThisHost(name: String, controllers: Set<String>, reader: NodeReader) -> NodeFacts {
    var facts = NodeFacts(name: name, memoryCapacity: 0, milliCPUCapacity: 1000, controllers: controllers)
    facts.hasAppArmor = (try? readFile("/sys/module/apparmor/parameters/enabled"))?.first == "Y"
    facts.killsWholeContainerOnOOM = controllers.contains("memory")
    facts.hugePageSizes = HostCapacity.hugePageSizes(in: "/sys/kernel/mm/hugepages")
    facts.swapCapacity = HostCapacity.swap
    reader.host(&facts)
    reader.files(&facts)
    return facts
  }
}
