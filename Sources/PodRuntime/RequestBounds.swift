import RuntimeAPI

/// What a request may not say, whoever sends it: it could only fail late and in dark words, or hold up or crowd out others. Pure.
enum RequestBounds {
  /// Labels and annotations go into every answer that lists the object, and an answer has 16 MiB for all.
  static let maximumDescription = 1 << 20
  static let maximumPorts = 4096
  static let maximumSysctls = 1000
  static let maximumDevices = 1000
  static let maximumPaths = 10_000
  /// Before anything is opened for them; what a container can have is less.
  static let maximumMounts = 1000
  /// HOST_NAME_MAX.
  static let maximumHostname = 64

  static func check(_ config: SandboxConfig) throws(RuntimeError) {
    let metadata = config.metadata
    for (field, text) in [("name", metadata.name), ("namespace", metadata.namespace), ("uid", metadata.uid)] {
      if text.isEmpty { throw RuntimeError(.invalidArgument, "sandbox metadata needs name, namespace and uid") }
      // A slash parts them where they are one key.
      if text.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) {
        throw RuntimeError(.invalidArgument, "metadata.\(field) '\(shown(text))' has a slash or a NUL")
      }
    }
    if config.hostname.utf8.count > maximumHostname {
      throw RuntimeError(.invalidArgument, "hostname '\(shown(config.hostname))' has more than \(maximumHostname) bytes")
    }
    if config.cgroupParent.split(separator: "/").contains("..") || config.cgroupParent.utf8.contains(where: { $0 < 0x20 }) {
      throw RuntimeError(.invalidArgument, "cgroup_parent '\(shown(config.cgroupParent))' has '..' or a control character")
    }
    try count(config.portMappings.count, "port mappings", maximumPorts)
    try count(config.sysctls.count, "sysctls", maximumSysctls)
    for (name, value) in config.sysctls where name.utf8.count > 255 || value.utf8.count > 4095 {
      throw RuntimeError(.invalidArgument, "sysctl \(shown(name)): a name has at most 255 bytes, a value 4095")
    }
    try texts(
      [config.logDirectory] + config.sysctls.flatMap { [$0.key, $0.value] } + config.portMappings.map(\.hostIP),
      "sandbox \(shown(metadata.name))")
    try describe(config.labels, config.annotations)
  }

  static func check(_ config: ContainerConfig) throws(RuntimeError) {
    let what = "container \(shown(config.metadata.name))"
    let security = config.securityContext
    try count(config.mounts.count, "mounts", maximumMounts)
    try count(config.devices.count + config.cdiDevices.count, "devices", maximumDevices)
    try count(security.maskedPaths.count + security.readOnlyPaths.count, "masked and read-only paths", maximumPaths)
    try texts(config.command + config.args + [config.workingDirectory, config.logPath, config.metadata.name], what)
    try texts(config.environment.flatMap { [$0.name, $0.value] }, what)
    try texts(config.mounts.flatMap { [$0.containerPath, $0.hostPath, $0.imageSubPath] }, what)
    try texts(config.cdiDevices, what)
    try texts(config.devices.flatMap { [$0.containerPath, $0.hostPath] }, what)
    try texts(security.maskedPaths + security.readOnlyPaths + [security.seccomp?.localhostRef ?? ""], what)
    try describe(config.labels, config.annotations)
    if let resources = config.resources { try check(resources) }
  }

  /// Source: proc_pid_oom_score_adj(5).
  static func check(_ resources: LinuxResources) throws(RuntimeError) {
    if !(-1000...1000).contains(resources.oomScoreAdjust) {
      throw RuntimeError(.invalidArgument, "oom_score_adj \(resources.oomScoreAdjust) is not between -1000 and 1000")
    }
  }

  /// No path, argument or variable of Linux can have a NUL.
  static func texts(_ texts: [String], _ what: String) throws(RuntimeError) {
    guard let bad = texts.first(where: { $0.utf8.contains(0) }) else { return }
    throw RuntimeError(.invalidArgument, "\(what): '\(shown(bad))' has a NUL character")
  }

  private static func count(_ count: Int, _ what: String, _ maximum: Int) throws(RuntimeError) {
    if count > maximum { throw RuntimeError(.invalidArgument, "\(count) \(what) are more than \(maximum)") }
  }

  private static func describe(_ labels: [String: String], _ annotations: [String: String]) throws(RuntimeError) {
    let size = [labels, annotations].joined().reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    if size > maximumDescription {
      throw RuntimeError(.invalidArgument, "labels and annotations have \(size) bytes, more than \(maximumDescription)")
    }
  }

  /// As much of a stranger's text as a sentence can have.
  private static func shown(_ text: String) -> String {
    let visible = text.prefix(60).map { $0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? false ? "?" : $0 }
    return String(visible) + (text.count > 60 ? "..." : "")
  }
}
