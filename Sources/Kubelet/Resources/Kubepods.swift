public import Cgroups
internal import Glibc
public import KubeModel
internal import LinuxSystem
public import Logging

/// The cgroups of all pods: `kubepods`, below it the QoS classes `burstable` and `besteffort`, and one for each pod. Owns the weights of
/// the classes, which follow from the pods in them.
public actor Kubepods {
  private let cgroups: CgroupRoot
  private let root: String
  private let node: NodeFacts
  private var plan: NodePlan
  private let logger: Logger
  /// CPU requests of burstable pods by UID, and together.
  private var burstable: [String: Int] = [:]
  private var burstableSum = Int128(0)
  /// What was written last.
  private var burstableWeight: CgroupResources?
  private var isPrepared = false
  private var isWriting = false
  private var isStale = false

  /// - Parameter root: path of `kubepods` below the cgroup v2 mount.
  public init(_ cgroups: CgroupRoot, root: String, node: NodeFacts, plan: NodePlan, logger: Logger) {
    self.cgroups = cgroups
    self.root = root
    self.node = node
    self.plan = plan
    self.logger = logger
  }

  /// Makes the pod's cgroup and writes its limits.
  /// - Returns: its path below the cgroup v2 mount.
  public func prepare(_ pod: Pod) async throws -> String {
    let path = PodCgroups.path(of: pod, root: root)
    if !isPrepared { try await prepareTree() }
    let resources = PodCgroupResources.of(pod, node: node)
    let cgroups = cgroups
    try await runBlocking { () throws(CgroupError) in
      let cgroup = cgroups.cgroup(path)
      try cgroup.create()
      try cgroup.apply(resources, available: cgroups.controllers)
    }
    if pod.qosClass == .burstable {
      request(pod.metadata.uid ?? "", pod.requests["cpu"]?.milliValue ?? 0)
      await writeBurstable()
    }
    return path
  }

  /// Removes the pod's cgroup and what is in it, in whatever class it is: that of a pod without a record is not known. Gone already: no
  /// effect.
  public func remove(_ uid: PodUID) async throws {
    // Longer names than the kernel's were never made.
    if "pod\(uid)".utf8.count > Int(NAME_MAX) { return }
    let (cgroups, root) = (cgroups, root)
    let paths = [QoSClass.guaranteed, .burstable, .bestEffort].map { PodCgroups.path(of: uid, $0, root: root) }
    try await runBlocking { () throws(CgroupError) in for path in paths { try cgroups.cgroup(path).remove() } }
    if request(uid.rawValue, nil) { await writeBurstable() }
  }

  /// The node has another capacity: the cgroup of all pods follows.
  public func follow(_ plan: NodePlan) async {
    if plan == self.plan { return }
    self.plan = plan
    guard isPrepared else { return }
    let (cgroups, root) = (cgroups, root)
    let all = PodCgroupResources.allPods(plan, available: cgroups.controllers)
    do {
      try await runBlocking { () throws(CgroupError) in try cgroups.cgroup(root).apply(all, available: cgroups.controllers) }
    } catch {
      logger.warning("The limits of all pods cannot be written", metadata: ["error": "\(error)"])
    }
  }

  /// The pods' cgroups, in each QoS class.
  public func found() async throws -> [PodCgroups.Found] {
    let (cgroups, root) = (cgroups, root)
    return try await runBlocking { () throws(any Error) in
      var found: [PodCgroups.Found] = []
      for parent in ["", "/burstable", "/besteffort"].map({ root + $0 }) {
        for name in try listDirectory(cgroups.cgroup(parent).directory) where name.hasPrefix("pod") {
          // What is no name of a directory is no pod's UID.
          if ["pod", "pod.", "pod.."].contains(name) { continue }
          let cgroup = cgroups.cgroup("\(parent)/\(name)")
          found.append(
            PodCgroups.Found(
              uid: PodUID(String(name.dropFirst("pod".count))), path: cgroup.path, isPopulated: try cgroup.isPopulated))
        }
      }
      return found
    }
  }

  private func prepareTree() async throws {
    let (cgroups, root) = (cgroups, root)
    let all = PodCgroupResources.allPods(plan, available: cgroups.controllers)
    let known = try await runBlocking { () throws(CgroupError) -> [String: Int] in
      for (path, resources) in [(root, all), ("\(root)/burstable", nil), ("\(root)/besteffort", PodCgroupResources.bestEffort)] {
        let cgroup = cgroups.cgroup(path)
        try cgroup.create()
        if let resources { try cgroup.apply(resources, available: cgroups.controllers) }
      }
      return Kubepods.requests(below: cgroups.cgroup("\(root)/burstable").directory)
    }
    for (uid, amount) in known where burstable[uid] == nil { request(uid, amount) }
    isPrepared = true
  }

  /// What pods of a former life of the agent weigh: near enough until they are prepared again.
  private static func requests(below directory: String) -> [String: Int] {
    var requests: [String: Int] = [:]
    for name in (try? listDirectory(directory)) ?? [] where name.hasPrefix("pod") {
      guard let text = try? readFile("\(directory)/\(name)/cpu.weight"), let weight = Int(text.prefix { $0.isNumber }) else {
        continue
      }
      requests[String(name.dropFirst(3))] = CgroupValues.milliCPU(weight: weight)
    }
    return requests
  }

  /// - Returns: whether it was asked for before.
  @discardableResult private func request(_ uid: String, _ milliCPU: Int?) -> Bool {
    let old = burstable[uid]
    burstable[uid] = milliCPU
    burstableSum += Int128(milliCPU ?? 0) - Int128(old ?? 0)
    return old != nil
  }

  /// One write at a time, of another weight than the last; pods that come or go meanwhile are in the next.
  private func writeBurstable() async {
    isStale = true
    if isWriting { return }
    isWriting = true
    defer { isWriting = false }
    while isStale {
      isStale = false
      let resources = PodCgroupResources.burstable(milliCPU: burstableSum)
      if resources == burstableWeight { continue }
      let (cgroups, path) = (cgroups, "\(root)/burstable")
      do {
        try await runBlocking { () throws(CgroupError) in
          try cgroups.cgroup(path).apply(resources, available: cgroups.controllers)
        }
        burstableWeight = resources
      } catch {
        logger.warning("The weight of the burstable pods cannot be written", metadata: ["error": "\(error)"])
      }
    }
  }
}

extension PodCgroups {
  /// Those of this node.
  /// - Parameter plan: what pods may have of a node.
  public init(_ kubepods: Kubepods, root: String, plan: @escaping @Sendable (NodeFacts) -> NodePlan) {
    self.init(
      prepare: { try await kubepods.prepare($0) }, path: { PodCgroups.path(of: $0, root: root) },
      remove: { try await kubepods.remove($0) }, found: { try await kubepods.found() },
      nodeChanged: { await kubepods.follow(plan($0)) })
  }
}
