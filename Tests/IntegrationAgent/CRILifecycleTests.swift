import AgentSupport
import CRIClient
import Foundation
import RuntimeAPI
import Synchronization
import Testing
import TestSupport

extension AgentSuite {
  @Suite("CRI: lives of sandboxes and containers", .timeLimit(.minutes(5)))
  struct CRILifecycleTests {
    static let options = AgentFixture.Options(images: ["busybox", "payload"], runtimeOnly: true)

    @Test("A container goes from created to running to exited to gone, and each call may come twice")
    func life() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("life")
        #expect(try await agent.runtime.runPodSandbox(pod.config, handler: "") == pod.id)
        #expect(try await agent.runtime.podSandboxStatus(pod.id, verbose: false).status.state == .ready)
        let id = try await pod.create("c", ["on-term"])
        #expect(try await pod.create("c", ["on-term"]) == id)
        #expect(try await agent.status(id).state == .created)
        try await agent.runtime.startContainer(id)
        let running = try await agent.status(id)
        #expect(running.state == .running && running.startedAt > 0 && running.finishedAt == 0)
        #expect(await failure { try await agent.runtime.startContainer(id) }?.code == .failedPrecondition)

        try await agent.runtime.stopContainer(id, timeout: 10)
        try await agent.runtime.stopContainer(id, timeout: 10)
        let ended = try await agent.status(id)
        #expect(ended.state == .exited && ended.finishedAt >= ended.startedAt)
        #expect(ContainerLog(ended.logPath).text.contains("terminated"))

        try await agent.runtime.removeContainer(id)
        try await agent.runtime.removeContainer(id)
        #expect(await failure { _ = try await agent.status(id) }?.code == .notFound)
        try await agent.runtime.stopPodSandbox(pod.id)
        try await agent.runtime.stopPodSandbox(pod.id)
        #expect(try await agent.runtime.podSandboxStatus(pod.id, verbose: false).status.state == .notReady)
        #expect(await failure { _ = try await pod.create("late") }?.code == .failedPrecondition)
        try await pod.remove()
        try await pod.remove()
        #expect(await failure { _ = try await agent.runtime.podSandboxStatus(pod.id, verbose: false) }?.code == .notFound)
        #expect(try await agent.runtime.listPodSandboxes(SandboxFilter()).isEmpty)
      }
    }

    @Test("Exit codes, signals and commands that are not there are told apart")
    func ends() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("ends")
        let cases: [(name: String, args: [String], code: Int32, reason: String)] = [
          ("zero", ["exit", "0"], 0, "Completed"), ("seven", ["exit", "7"], 7, "Error"), ("killed", ["signal", "9"], 137, "Error"),
        ]
        for (name, args, code, reason) in cases {
          let status = try await pod.run(name, args).status
          #expect(status.exitCode == code && status.reason == reason, "\(name)")
        }
        let error = await failure {
          let id = try await pod.create("missing") { $0.command = ["/no/such/program"] }
          try await agent.runtime.startContainer(id)
        }
        #expect(error?.description.contains("/no/such/program") == true, "\(error.map { "\($0)" } ?? "")")
        let image = await failure { _ = try await pod.create("noimage", image: "absent") }
        #expect(image?.code == .notFound)
      }
    }

    @Test("A container that ignores SIGTERM is killed after its grace period")
    func grace() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("grace")
        let id = try await pod.start("stubborn", ["ignore-term"])
        try await agent.waitForOutput(id, "ready")
        let took = try await ContinuousClock().measure { try await agent.runtime.stopContainer(id, timeout: 1) }
        #expect(took > .milliseconds(900))
        #expect(try await agent.status(id).exitCode == 137)
      }
    }

    @Test("A command by ExecSync gives both streams and its exit code; past its timeout its whole tree is killed")
    func exec() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("exec")
        let id = try await pod.stay("c")
        let result = try await agent.exec(id, ["sh", "-c", "echo out; echo err >&2; exit 5"])
        #expect(result.output == "out" && result.error == "err" && result.code == 5)
        let big = try await agent.runtime.execSync(id, command: ["sh", "-c", "head -c 1000000 /dev/zero"], timeout: 20)
        #expect(big.stdout.count == 1_000_000)

        let error = await failure {
          _ = try await agent.exec(id, ["sh", "-c", "sleep 54321 & (setsid sleep 54321 &) ; sleep 54321"], timeout: 1)
        }
        #expect(error?.code == .deadlineExceeded)
        let dead = await eventually { agent.processes("54321") == 0 }
        #expect(dead, "processes of a timed-out exec live on")
        #expect(try await agent.exec(id, ["echo", "still here"]).output == "still here")
        try await agent.runtime.stopContainer(id, timeout: 0)
        #expect(await failure { _ = try await agent.exec(id, ["true"]) } != nil)
      }
    }

    @Test("Many sandboxes can be made and removed at the same time")
    func together() async throws {
      try await AgentFixture.with(Self.options) { agent in
        try await withThrowingTaskGroup { group in
          for index in 0..<20 {
            group.addTask {
              let pod = try await agent.sandbox("p\(index)")
              let text = try await pod.run("c", ["hostname"]).text
              #expect(text == "p\(index)")
              try await pod.remove()
            }
          }
          try await group.waitForAll()
        }
        #expect(try await agent.leaks() == [])
      }
    }

    @Test("Commands at the same time do not mix their output, and a removed pod ends those that still run")
    func manyExecs() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("execs")
        let id = try await pod.stay("c")
        try await withThrowingTaskGroup { group in
          for index in 0..<40 {
            group.addTask {
              let result = try await agent.exec(id, ["sh", "-c", "echo \(index); echo e\(index) >&2; exit \(index)"])
              #expect(result.output == "\(index)" && result.error == "e\(index)" && result.code == Int32(index))
            }
          }
          try await group.waitForAll()
        }
        let long = Task { try await agent.exec(id, ["sleep", "1000"], timeout: 0) }
        let runs = await eventually { agent.processes("sleep 1000 ") > 0 }
        #expect(runs)
        try await pod.remove()
        _ = try? await long.value
      }
    }

    @Test("A second stop with a shorter grace period overtakes the first")
    func overtaking() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("stops")
        let script = "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done"
        let id = try await pod.start("c", ["sh", "-c", script], image: "busybox")
        try await agent.waitForOutput(id, "ready")
        // Longer than this test may take.
        async let slow: Void = agent.runtime.stopContainer(id, timeout: 86_400)
        try await agent.waitForOutput(id, "asked")
        try await agent.runtime.stopContainer(id, timeout: 1)
        try await slow
      }
    }

    @Test("Both streams of a container are told apart in its log, and long lines are whole")
    func streams() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("streams")
        let both = try await pod.run("both", ["both-streams", "50"]).status
        let lines = ContainerLog(both.logPath).lines
        #expect(lines.filter { $0.stream == "stdout" }.count == 50)
        #expect(lines.filter { $0.stream == "stderr" }.count == 50)
        let long = try await pod.run("long", ["print-lines", "3", "40000"]).status
        #expect(ContainerLog(long.logPath).lines.reduce(0) { $0 + $1.text.utf8.count } >= 3 * 39_000)
      }
    }

    @Test("Every change of a container is an event")
    func events() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let events = try await agent.runtime.events()
        let isHeard = Mutex(false)
        let reader = Task {
          var kinds: [RuntimeEvent.Kind] = []
          for await event in events {
            isHeard.withLock { $0 = true }
            if event.containerID == event.sandboxID.rawValue { continue }
            kinds.append(event.kind)
            if event.kind == .deleted { break }
          }
          return kinds
        }
        // Those before the subscription arrived are told to nobody.
        for attempt in 0..<100 where !isHeard.withLock({ $0 }) { try await agent.sandbox("early\(attempt)").remove() }
        let pod = try await agent.sandbox("events")
        _ = try await pod.run("c", ["exit", "0"])
        try await pod.remove()
        let kinds = await reader.value
        #expect(kinds.first == .created && kinds.last == .deleted && Set(kinds).count == 4 && kinds.count == 4, "\(kinds)")
      }
    }

    @Test("After a log is moved away and opened again, every line is in one of the two files")
    func logRotation() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("log")
        let id = try await pod.start("c", ["tick", "1"])
        let path = try await agent.status(id).logPath
        let hasLines = await eventually { ContainerLog(path).lines.count > 20 }
        #expect(hasLines)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try await agent.runtime.reopenContainerLog(id)
        let old = ContainerLog(path + ".1").lines
        let continues = await eventually { ContainerLog(path).lines.count > 20 }
        #expect(continues)
        #expect(ContainerLog(path + ".1").lines == old)
        try await agent.runtime.stopContainer(id, timeout: 0)
        let numbers = (old + ContainerLog(path).lines).compactMap { Int($0.text.dropFirst("tick ".count)) }
        #expect(numbers == Array(0..<numbers.count))
        // It runs no more: no log is begun for it.
        try FileManager.default.moveItem(atPath: path, toPath: path + ".2")
        #expect(await failure { try await agent.runtime.reopenContainerLog(id) }?.code == .failedPrecondition)
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }

    @Test("A container with a terminal has one, and its output is in the log")
    func terminal() async throws {
      try await AgentFixture.with(Self.options) { agent in
        let pod = try await agent.sandbox("tty")
        let ended = try await pod.shell("c", "tty; test -t 0 && test -t 1 && test -t 2 && echo all") { $0.tty = true }
        #expect(ended.status.exitCode == 0)
        #expect(ended.text.contains("/dev/") && ended.text.contains("all"))
      }
    }
  }
}
