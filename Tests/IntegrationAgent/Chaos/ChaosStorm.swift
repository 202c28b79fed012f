import AgentSupport
import CRIClient
import Foundation
import Glibc
import KubeModel
import RuntimeAPI
import TestSupport
import Testing

/// Drives an agent with files, CRI calls and faults chosen by a seed, and then looks whether the promises were kept. The moments differ
/// from run to run with the machine's speed; the choices do not.
final class ChaosStorm {
  private let agent: AgentFixture
  private var random: ChaosRandom
  private let ledger: String
  private var jobs: [String: ChaosPod] = [:]
  private var services: Set<String> = []
  /// Jobs that a fault has hit, or may have: how they end is not for us to say, that they end is.
  private var disturbed: Set<String> = []
  private var steps: [String] = []
  private var next = 0
  private let started = ContinuousClock.now

  init(agent: AgentFixture, seed: UInt64) {
    self.agent = agent
    random = ChaosRandom(state: seed)
    ledger = "\(agent.base)/ledger"
  }

  // MARK: The storm

  func run(seconds: Double) async throws {
    try FileManager.default.createDirectory(atPath: ledger, withIntermediateDirectories: true)
    let end = started + .milliseconds(Int(seconds * 1000))
    while ContinuousClock.now < end {
      try await step()
      try await Task.sleep(for: .milliseconds(Int.random(in: 0..<150, using: &random)))
    }
  }

  private func step() async throws {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<25: try await addJob()
    case ..<40: try addService()
    case ..<52: try removeService()
    case ..<64: await callCRI()
    case ..<74: try await killAgent()
    case ..<82: try await killOne("main", of: "payload")
    case ..<88: try await killOne("podshim", of: "podshim")
    case ..<92: try await killOne("pause", of: "pause")
    case ..<97: try await stopPodshim()
    default: try await fillDisk()
    }
  }

  private func addJob() async throws {
    // Room for new ones, however long the storm lasts.
    if jobs.count >= 40 { try await retireJobs() }
    guard jobs.count < 60 else { return }
    next += 1
    let pod = ChaosPod(name: "job\(next)", generation: next, kind: .job, code: Int.random(in: 0..<50, using: &random))
    note("add \(pod.name), which ends with \(pod.code)")
    jobs[pod.name] = pod
    try agent.writeManifest("\(pod.name).yaml", pod.manifest(ledger: ledger))
  }

  private func addService() throws {
    guard let name = (0..<6).map({ "service\($0)" }).filter({ !services.contains($0) }).randomElement(using: &random) else {
      return
    }
    next += 1
    let pod = ChaosPod(name: name, generation: next, kind: .service, code: 0)
    note("add \(pod.uid)")
    services.insert(name)
    try agent.writeManifest("\(name).yaml", pod.manifest(ledger: ledger))
  }

  private func removeService() throws {
    guard let name = services.sorted().randomElement(using: &random) else { return }
    note("remove \(name)")
    services.remove(name)
    try agent.removeManifest("\(name).yaml")
  }

  /// A pod made and removed by a CRI client; an agent killed meanwhile makes calls fail, and the calls again join or repair.
  private func callCRI() async {
    next += 1
    let name = "cri\(next)"
    note("CRI pod \(name)")
    for _ in 0..<3 {
      do {
        let pod = try await agent.sandbox(name)
        let container = try await pod.create("c", ["tick", "50"])
        if try await agent.status(container).state == .created { try await agent.runtime.startContainer(container) }
        _ = try await agent.runtime.execSync(container, command: ["/payload", "hostname"], timeout: 10)
        try await pod.remove()
        return
      } catch {
        note("CRI pod \(name): \(error)")
      }
    }
  }

  private func killAgent() async throws {
    let pause = Int.random(in: 0..<120, using: &random)
    note("kill the agent")
    try await agent.kill()
    try await Task.sleep(for: .milliseconds(pause))
    try await agent.start()
    note("the agent serves again")
  }

  /// Kills one process of a pod, chosen by its name in /proc/PID/comm.
  private func killOne(_ what: String, of name: String) async throws {
    guard let victim = victims(named: name).randomElement(using: &random) else { return }
    disturb(victim.cgroup)
    note("kill \(what) \(victim.pid) in \(victim.cgroup)")
    Glibc.kill(victim.pid, SIGKILL)
  }

  /// podshim stands still for a while; nobody else may notice, and what it missed comes later.
  private func stopPodshim() async throws {
    guard let victim = victims(named: "podshim").randomElement(using: &random) else { return }
    disturb(victim.cgroup)
    note("stop podshim \(victim.pid) in \(victim.cgroup)")
    Glibc.kill(victim.pid, SIGSTOP)
    try await Task.sleep(for: .milliseconds(Int.random(in: 50..<1500, using: &random)))
    Glibc.kill(victim.pid, SIGCONT)
  }

  /// The agent's disk is full for a moment: when its root directory is a file system of its own, as a small one is in `make chaos`.
  private func fillDisk() async throws {
    var status = statvfs()
    guard unsafe statvfs(agent.root, &status) == 0, UInt64(status.f_blocks) * UInt64(status.f_frsize) < 1 << 30 else { return }
    // What has ended is nothing that a full disk may touch: it is held to all promises.
    try await retireJobs()
    note("fill the disk")
    // Whatever writes meanwhile may fail.
    disturbed.formUnion(jobs.keys)
    let file = "\(agent.root)/ballast"
    let ballast = unsafe open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    let block = [UInt8](repeating: 1, count: 1 << 20)
    while unsafe write(ballast, block, block.count) > 0 {}
    try await Task.sleep(for: .milliseconds(Int.random(in: 50..<800, using: &random)))
    unsafe unlink(file)
    close(ballast)
  }

  private func victims(named name: String) -> [(pid: Int32, cgroup: String)] {
    Leftovers(of: agent).processes().compactMap { process in
      guard HostState.text("/proc/\(process.pid)/comm").dropLast() == name else { return nil }
      let cgroup = HostState.text("/proc/\(process.pid)/cgroup").split(separator: "\n").first { $0.hasPrefix("0::") } ?? ""
      return (process.pid, String(cgroup.dropFirst(3)))
    }.sorted { $0.cgroup < $1.cgroup }
  }

  private func disturb(_ cgroup: String) {
    for job in jobs.values where cgroup.split(separator: "/").contains("pod\(job.uid)") { disturbed.insert(job.name) }
  }

  // MARK: After it

  /// Every job ends, every service that is wanted runs, everything else is gone.
  func calm() async throws {
    note("calm")
    let wanted = services
    let settled = try await eventually(300) {
      for name in self.jobs.keys {
        guard let phase = try await self.agent.pod(name)?.status.phase, ["Succeeded", "Failed"].contains(phase) else {
          return false
        }
      }
      for name in wanted {
        guard let pod = try await self.agent.pod(name), pod.status.phase == "Running",
          pod.status.containerStatuses?.first?.state?.running != nil
        else { return false }
      }
      let ready = try await self.agent.runtime.listPodSandboxes(SandboxFilter(state: .ready)).map(\.metadata.name)
      return Set(ready) == Set(wanted.map { "\($0)-\(self.agent.nodeName)" })
    }
    if !settled { note("not settled: \(try await state())") }
    #expect(settled, "\(journal())")
    for (name, job) in jobs.sorted(by: { $0.key < $1.key }) { check(job, try #require(try await agent.pod(name))) }
    for name in services.union(jobs.keys) { try agent.removeManifest("\(name).yaml") }
    let gone = try await eventually(300) { try await self.agent.runtime.listPodSandboxes(SandboxFilter()).isEmpty }
    if !gone { note("pods stay: \(try await state())") }
    #expect(gone, "\(journal())")
  }

  private func state() async throws -> String {
    var lines: [String] = []
    for name in services.union(jobs.keys).sorted() {
      let status = try await agent.pod(name)?.status
      lines.append("\(name): \(status?.phase ?? "absent") \(status?.message ?? "")")
    }
    for sandbox in try await agent.runtime.listPodSandboxes(SandboxFilter()) {
      lines.append("sandbox \(sandbox.metadata.name) \(sandbox.state)")
    }
    return lines.joined(separator: "\n")
  }

  /// Those that have ended are looked at and go.
  private func retireJobs() async throws {
    for (name, job) in jobs.sorted(by: { $0.key < $1.key }) {
      // An agent that is being started knows no pods for a moment.
      guard let pod = try? await agent.pod(name), pod.metadata.uid == job.uid, let phase = pod.status.phase,
        ["Succeeded", "Failed"].contains(phase)
      else { continue }
      check(job, pod)
      note("retire \(name)")
      jobs[name] = nil
      disturbed.remove(name)
      try agent.removeManifest("\(name).yaml")
    }
  }

  /// A job that no fault hit ended with its code, started once, and logged every line once and in order; one that was hit started once at
  /// most and its log is the beginning of that.
  private func check(_ job: ChaosPod, _ pod: Pod) {
    let name = job.name
    let starts = lines(of: "\(ledger)/\(name).starts").count
    let terminated = pod.status.containerStatuses?.first?.state?.terminated
    let text = log(of: pod)
    let wanted = (0..<ChaosPod.lines).map { "line \($0)" }
    if disturbed.contains(name) {
      #expect(starts <= 1, "\(name) started \(starts) times\n\(journal())")
      #expect(text == Array(wanted.prefix(text.count)), "\(name) logged \(text)\n\(journal())")
    } else {
      #expect(starts == 1, "\(name) started \(starts) times\n\(journal())")
      #expect(terminated.map { Int($0.exitCode) } == job.code, "\(name): \(terminated as Any)\n\(journal())")
      #expect(text == wanted, "\(name) logged \(text)\n\(journal())")
    }
  }

  private func log(of pod: Pod) -> [String] {
    let directory = "\(agent.logs)/default_\(pod.metadata.name ?? "")_\(pod.metadata.uid ?? "")/main"
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    return files.flatMap { ContainerLog("\(directory)/\($0)").lines.map(\.text) }
  }

  /// What the pods themselves saw.
  func violations() -> [String] { lines(of: "\(ledger)/violations") }

  private func lines(of path: String) -> [String] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  // MARK: Journal

  private func note(_ text: String) { steps.append("\(ContinuousClock.now - started): \(text)") }

  /// What was done, and the agent's last words.
  func journal() -> String { steps.suffix(120).joined(separator: "\n") + "\n" + agent.lastLogLines(60) }
}

/// A generator whose sequence a failure can repeat.
struct ChaosRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}
