import ArgumentParser
import RuntimeAPI

struct UpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change the resources of containers.",
    discussion: "What is not given stays as it is. A kubelet sets the resources of its own containers again.")
  @OptionGroup var global: GlobalOptions
  @Option(help: "Microseconds.") var cpuPeriod: Int64 = 0
  @Option(help: "Microseconds of each period.") var cpuQuota: Int64 = 0
  @Option(help: "2 to 262144.") var cpuShare: Int64 = 0
  @Option(help: "Bytes.") var memory: Int64 = 0
  @Option(help: "CPUs, 0-3,7.") var cpusetCpus = ""
  @Option(help: "Memory nodes, 0-1.") var cpusetMems = ""
  @Argument(help: "Containers, by id or name.") var containers: [String]

  func run() async throws {
    let resources = LinuxResources(
      cpuPeriod: cpuPeriod, cpuQuota: cpuQuota, cpuShares: cpuShare, memoryLimit: memory, cpusetCPUs: cpusetCpus,
      cpusetMemoryNodes: cpusetMems)
    let runtime = try global.connect()
    for text in containers {
      let container = try await Lookup(runtime: runtime).container(text)
      try await runtime.updateContainerResources(container.id, resources)
      Terminal.write("\(container.id)\n")
    }
  }
}
