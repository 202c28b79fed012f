import KubeModel
import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Pods of several sources") struct PodDirectoryTests {
  @Test("nothing is gone before every source has spoken")
  func synced() {
    var directory = PodDirectory(sources: ["file", "http"])
    #expect(directory.apply(.synced, from: "file") == .none && !directory.isSynced)
    #expect(directory.apply(.synced, from: "http") == .synced && directory.isSynced)
    #expect(directory.apply(.synced, from: "http") == .none)
  }

  @Test("the first source that names a UID has it")
  func owner() {
    var directory = PodDirectory(sources: ["file", "http"])
    #expect(directory.apply(.set(.test(uid: "u", name: "a")), from: "file") == .set(PodUID("u")))
    #expect(directory.apply(.set(.test(uid: "u", name: "b")), from: "http") == .none)
    #expect(directory.apply(.delete(PodUID("u")), from: "http") == .none)
    #expect(directory.wanted[PodUID("u")]?.podName == "a")
    #expect(directory.apply(.delete(PodUID("u")), from: "file") == .deleted(PodUID("u")))
  }

  @Test("a source's snapshots become what changed; one that cannot be read says nothing")
  func difference() {
    func snapshot(_ pods: [Pod], unreadable: Bool = false, partial: Bool = false) -> SourceSnapshot {
      SourceSnapshot(
        pods: pods.map { SourceSnapshot.DesiredPod(pod: $0, path: "/p", contentHash: "", degraded: nil, unsupported: []) },
        events: [],
        degradedFiles: [:], isUnreadable: unreadable, isPartial: partial)
    }
    func text(_ events: [SourceEvent]) -> [String] {
      events.map {
        switch $0 {
        case .set(let pod): "set \(pod.podUID)"
        case .delete(let uid): "delete \(uid)"
        case .synced: "synced"
        }
      }
    }
    var difference = SourceDifference()
    #expect(text(difference.events(snapshot([], unreadable: true))) == [])
    #expect(
      text(difference.events(snapshot([.test(uid: "a"), .test(uid: "a", name: "x"), .test(uid: "b")], partial: true))) == [
        "set a", "set b",
      ])
    #expect(text(difference.events(snapshot([.test(uid: "a"), .test(uid: "b", grace: 5)]))) == ["set b", "synced"])
    #expect(text(difference.events(snapshot([], unreadable: true))) == [])
    #expect(text(difference.events(snapshot([.test(uid: "b", grace: 5)]))) == ["delete a", "synced"])
  }
}

@Suite("What admitted pods take") struct NodeAllocationsTests {
  func pod(_ uid: String, cpu: String = "100m", port: Int32? = nil) -> Pod {
    var container = Container.test("app")
    container.ports = port.map { [ContainerPort(containerPort: 80, hostPort: $0)] }
    container.resources = ResourceRequirements(requests: ["cpu": Quantity(cpu)!])
    return .test(uid: uid, name: uid, [container])
  }

  @Test("reserved once for each pod, and free again when it ends")
  func sums() {
    var allocations = NodeAllocations([pod("a"), pod("b", cpu: "8E"), pod("c", cpu: "8E")])
    allocations.reserve(pod("a", cpu: "200m", port: 80))
    #expect(allocations.count == 3 && allocations.conflict(pod("d", port: 80))?.owner == "default/a")
    allocations.release(PodUID("b"))
    allocations.release(PodUID("c"))
    // Clipped sums cannot be taken apart: they are made again.
    #expect(allocations.used("cpu") == Quantity("200m")!)
    allocations.release(PodUID("a"))
    #expect(allocations.count == 0 && allocations.conflict(pod("d", port: 80)) == nil && allocations.used("cpu") == 0)
  }
}

@Suite("News of the runtime") struct RuntimeRouterTests {
  func event(_ kind: RuntimeEvent.Kind, _ id: String, sandbox: String, labels: [String: String]? = nil) -> RuntimeEvent {
    let status = labels.map {
      SandboxStatus(
        id: SandboxID(sandbox), metadata: SandboxMetadata(name: "p", uid: "u", namespace: "d"), state: .ready, createdAt: 1,
        labels: $0)
    }
    return RuntimeEvent(kind: kind, containerID: id, sandboxID: SandboxID(sandbox), createdAt: 1, sandbox: status)
  }

  @Test("events of sandboxes without a pod's label concern nobody, from their first to their last")
  func foreign() {
    var router = RuntimeRouter()
    for kind in [RuntimeEvent.Kind.created, .started, .stopped, .deleted] {
      let route = router.route(event(kind, "s1", sandbox: "s1", labels: ["app": "x"]))
      if case .nobody = route { continue }
      Issue.record("\(kind): \(route)")
    }
    if case .nobody = router.route(event(.deleted, "s2", sandbox: "s2")) {} else { Issue.record("a deletion needs no asking") }
  }

  @Test("an event that does not say whose it is asks, once it is known it does not")
  func unknown() {
    var router = RuntimeRouter()
    guard case .unknown = router.route(event(.stopped, "c1", sandbox: "s1")) else {
      Issue.record("not asked")
      return
    }
    router.own(SandboxID("s1"), PodUID("u"))
    guard case .pod(PodUID("u"), let news, isComplete: false) = router.route(event(.stopped, "c1", sandbox: "s1")) else {
      Issue.record("not routed")
      return
    }
    #expect(news.isEmpty)
    router.forget(PodUID("u"))
    guard case .unknown = router.route(event(.stopped, "c1", sandbox: "s1")) else {
      Issue.record("not forgotten")
      return
    }
  }

  @Test("what came and went leaves nothing, also when its last news comes after it was forgotten, or never") func growth() {
    var router = RuntimeRouter()
    for number in 0..<50 {
      let (sandbox, uid) = ("s\(number)", "u\(number)")
      _ = router.route(event(.created, sandbox, sandbox: sandbox, labels: [Labels.podUID: uid]))
      router.forget(PodUID(uid))
      _ = router.route(event(.deleted, sandbox, sandbox: sandbox, labels: [Labels.podUID: uid]))
    }
    #expect(router.count == 0)
    _ = router.route(event(.created, "lost", sandbox: "lost", labels: [Labels.podUID: "u"]))
    _ = router.route(event(.created, "foreign", sandbox: "foreign", labels: ["app": "x"]))
    _ = router.route(event(.created, "live", sandbox: "live", labels: [Labels.podUID: "v"]))
    router.keep([SandboxID("live")])
    #expect(router.count == 2)
    guard case .pod(PodUID("v"), _, _) = router.route(event(.stopped, "c", sandbox: "live")) else {
      Issue.record("the sandbox that is there is forgotten")
      return
    }
  }
}
