public import KubeModel
internal import LinuxSystem

extension NodePlan {
  /// Of the node that runs this process.
  public static func ofThisHost(_ node: NodeFacts, configuration: KubeletConfiguration) -> NodePlan {
    NodePlan(
      milliCPU: node.milliCPUCapacity, memory: node.memoryCapacity,
      pids: min(limit("/proc/sys/kernel/pid_max"), limit("/proc/sys/kernel/threads-max")), configuration: configuration)
  }

  private static func limit(_ path: String) -> Int64 {
    (try? readFile(path)).flatMap { Int64($0.prefix { $0.isNumber }) } ?? 32_768
  }
}
