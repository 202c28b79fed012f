extension KubeletConfiguration {
  /// Values that a kubelet would not start with (pkg/kubelet/apis/config/validation), of the fields that act here.
  func validate() -> [FieldError] {
    var errors = FieldErrors()
    for (name, port) in [("healthzPort", healthzPort), ("readOnlyPort", readOnlyPort), ("port", port)] {
      errors.range(name, port, 0...65535)
    }
    errors.range("maxPods", maxPods, 0...Int.max)
    if podPidsLimit < -1 || podPidsLimit == 0 { errors.invalid("podPidsLimit", podPidsLimit, "must be -1 or greater than 0") }
    errors.oneOf("memorySwap.swapBehavior", memorySwap.swapBehavior, ["", "NoSwap", "LimitedSwap"])
    let period = cpuCFSQuotaPeriod.nanoseconds
    if !(1_000_000...1_000_000_000).contains(period) {
      errors.invalid("cpuCFSQuotaPeriod", cpuCFSQuotaPeriod, "must be between 1ms and 1s, inclusive")
    }
    let longest = crashLoopBackOff.maxContainerRestartPeriod
    if !(1_000_000_000...300_000_000_000).contains(longest.nanoseconds) {
      errors.invalid("crashLoopBackOff.maxContainerRestartPeriod", longest, "must be between 1s and 300s, inclusive")
    }
    if Quantity(containerLogMaxSize) == nil { errors.invalid("containerLogMaxSize", containerLogMaxSize, "must be a quantity") }
    errors.range("containerLogMaxFiles", containerLogMaxFiles, 2...Int.max)
    errors.range("containerLogMaxWorkers", containerLogMaxWorkers, 1...Int.max)
    if containerLogMonitorInterval.nanoseconds < 3_000_000_000 {
      errors.invalid("containerLogMonitorInterval", containerLogMonitorInterval, "must be 3s or more")
    }
    for (index, server) in clusterDNS.enumerated() where !Names.isAddress(server) {
      errors.invalid("clusterDNS[\(index)]", server, "must be a valid IP address")
    }
    for (index, name) in allowedUnsafeSysctls.enumerated() {
      let plain = name.hasSuffix("*") ? String(name.dropLast()) : name
      let isValid = !plain.isEmpty && plain.utf8.allSatisfy { 97...122 ~= $0 || 48...57 ~= $0 || "-_./".utf8.contains($0) }
      if !isValid { errors.invalid("allowedUnsafeSysctls[\(index)]", name, "must be a sysctl's name, or its beginning and *") }
    }
    for (field, amounts) in [("systemReserved", systemReserved), ("kubeReserved", kubeReserved)] {
      for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
        errors.oneOf("\(field).\(name)", name, ["cpu", "memory", "pid", "ephemeral-storage"])
        guard let quantity = Quantity(amount), quantity >= 0 else {
          errors.invalid("\(field).\(name)", amount, "must be a quantity, not below 0")
          continue
        }
      }
    }
    if let threshold = evictionHard["memory.available"] {
      let percent = threshold.hasSuffix("%") ? Double(threshold.dropLast()) : nil
      let isValid = percent.map { (0...100).contains($0) } ?? (Quantity(threshold).map { $0 >= 0 } ?? false)
      if !isValid { errors.invalid("evictionHard.memory.available", threshold, "must be a quantity or a percentage") }
    }
    return errors.all
  }
}
