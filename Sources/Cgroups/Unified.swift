extension CgroupResources {
  /// Files that only order or soften: no error without their controller.
  private static let weights: Set<String> = [
    "cpu.weight", "cpu.weight.nice", "cpu.idle", "io.weight", "io.bfq.weight", "memory.oom.group",
  ]

  /// Files that a kernel without swap accounting has not: nothing is swapped on a cgroup's account there.
  private static let swapFiles: Set<String> = ["memory.swap.max", "memory.swap.high"]

  /// Files by name, verbatim. The controller is the name's first word. Source: runtime-spec config-linux.md, "Unified".
  func unifiedSettings() throws(CgroupError) -> [Setting] {
    var result: [Setting] = []
    for (file, value) in unified.sorted(by: { $0.key < $1.key }) {
      let words = file.split(separator: ".", omittingEmptySubsequences: false)
      guard words.count >= 2, words.allSatisfy({ !$0.isEmpty }), file.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 0x20 })
      else {
        throw CgroupError(.invalidArgument, "unified resource \"\(file)\" is not the name of a cgroup file")
      }
      let controller = Controller(rawValue: String(words[0]))
      guard controller != nil || words[0] == "cgroup" else {
        throw CgroupError(.invalidArgument, "unified resource \"\(file)\": there is no cgroup v2 controller \(words[0])")
      }
      let need: Setting.Need = Self.weights.contains(file) || (words.last == "max" && value == "max") ? .weight : .limit
      result.append(
        Setting(controller, file, value, need, optionalFile: Self.swapFiles.contains(file) && (value == "0" || value == "max")))
    }
    return result
  }
}
