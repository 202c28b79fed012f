import CRIClient
import CRIProto
import FoundationEssentials
import GRPCTransport
import RPCSupport
import RuntimeAPI
import SwiftProtobuf
import Synchronization
import Testing

/// Our client against another runtime: one that answers with nothing, or not at all.
@Suite("The client of other runtimes", .timeLimit(.minutes(5))) struct RemoteRuntimeTests {
  /// Seconds each call was given, by method; nil: without an end.
  private final class Deadlines: Sendable {
    let seen = Mutex<[String: Double?]>([:])

    func note(_ call: CallContext) {
      let name = String(call.path.split(separator: "/").last ?? "")
      let left = call.deadline.map { deadline -> Double in
        let (seconds, attoseconds) = (deadline - .now).components
        return Double(seconds) + Double(attoseconds) / 1e18
      }
      seen.withLock { $0[name] = .some(left) }
    }
  }

  private func withServer(
    _ fill: (inout GRPCRouter) -> Void, _ body: (RemoteRuntime, String) async throws -> Void
  ) async throws {
    var router = GRPCRouter()
    fill(&router)
    try await router.served { path in
      let client = RemoteRuntime(socketPath: path, timeout: .seconds(1000))
      let result: Swift.Result<Void, any Error>
      do { result = .success(try await body(client, path)) } catch { result = .failure(error) }
      await client.close()
      try result.get()
    }
  }

  private func answer<Request: Message, Response: Message>(
    _ router: inout GRPCRouter, _ path: String, _ deadlines: Deadlines, _: Request.Type, _: Response.Type
  ) {
    router.unary(path) { (_: Request, call) async throws(GRPCStatus) -> Response in
      deadlines.note(call)
      return Response()
    }
  }

  @Test(
    "calls have a kubelet's deadlines: twice the time for a sandbox, the grace period or the command's own on top, none for a pull")
  func deadlines() async throws {
    let deadlines = Deadlines()
    let prefix = "/runtime.v1.RuntimeService/"
    try await withServer { router in
      answer(&router, prefix + "Version", deadlines, Runtime_V1_VersionRequest.self, Runtime_V1_VersionResponse.self)
      answer(
        &router, prefix + "RunPodSandbox", deadlines, Runtime_V1_RunPodSandboxRequest.self, Runtime_V1_RunPodSandboxResponse.self)
      answer(
        &router, prefix + "StopContainer", deadlines, Runtime_V1_StopContainerRequest.self, Runtime_V1_StopContainerResponse.self)
      answer(&router, prefix + "ExecSync", deadlines, Runtime_V1_ExecSyncRequest.self, Runtime_V1_ExecSyncResponse.self)
      answer(
        &router, "/runtime.v1.ImageService/PullImage", deadlines, Runtime_V1_PullImageRequest.self,
        Runtime_V1_PullImageResponse.self)
    } _: { client, _ in
      func given(_ method: String, _ wanted: Double?) {
        let seen = deadlines.seen.withLock { $0.removeValue(forKey: method) }
        switch (seen, wanted) {
        case (.some(.some(let seconds)), .some(let wanted)):
          // A machine that stands still for a minute takes it from what is left.
          #expect(seconds <= wanted && seconds > wanted - 60, "\(method): \(seconds)")
        case (.some(.none), nil): break
        default: Issue.record("\(method): \(String(describing: seen))")
        }
      }
      _ = try await client.version()
      given("Version", 1000)
      _ = try await client.runPodSandbox(sandboxConfig, handler: "")
      given("RunPodSandbox", 2000)
      try await client.stopContainer(ContainerID("c"), timeout: 5000)
      given("StopContainer", 6000)
      try await client.stopContainer(ContainerID("c"), timeout: -7)
      given("StopContainer", 1000)
      _ = try await client.execSync(ContainerID("c"), command: ["x"], timeout: 9000)
      given("ExecSync", 10_000)
      _ = try await client.execSync(ContainerID("c"), command: ["x"], timeout: 0)
      given("ExecSync", nil)
      _ = try await client.pullImage(ImageSpec(image: "i"), auth: nil, sandbox: nil)
      given("PullImage", nil)
      // The longest there is does not overflow on its way.
      try await client.stopContainer(ContainerID("c"), timeout: .max)
      let longest = deadlines.seen.withLock { ($0["StopContainer"] ?? nil) ?? 0 }
      #expect(longest > 1e9)
    }
  }

  @Test("a runtime that does not know RuntimeConfig, as containerd before 2.0, has cgroupfs; one that fails has no driver")
  func driver() async throws {
    try await withServer({ _ in }) { client, _ in try await Self.expect(.cgroupfs, client) }
    try await withServer { router in
      router.unary("/runtime.v1.RuntimeService/RuntimeConfig") {
        (_: Runtime_V1_RuntimeConfigRequest, _) async throws(GRPCStatus) -> Runtime_V1_RuntimeConfigResponse in
        throw GRPCStatus(.unavailable, "not now")
      }
    } _: { client, _ in
      let error = await #expect(throws: RuntimeError.self) { try await client.cgroupDriver() }
      #expect(error == RuntimeError(.unavailable, "not now"))
    }
    try await withServer { router in
      router.unary("/runtime.v1.RuntimeService/RuntimeConfig") {
        (_: Runtime_V1_RuntimeConfigRequest, _) async throws(GRPCStatus) -> Runtime_V1_RuntimeConfigResponse in
        var response = Runtime_V1_RuntimeConfigResponse()
        response.linux.cgroupDriver = .systemd
        return response
      }
    } _: { client, _ in
      try await Self.expect(.systemd, client)
    }
  }

  private static func expect(_ wanted: CgroupDriver, _ client: RemoteRuntime) async throws {
    let driver = try await client.cgroupDriver()
    #expect(driver == wanted)
  }

  @Test("a socket is named by path, unix: or unix://", arguments: ["", "unix:", "unix://"])
  func names(_ scheme: String) async throws {
    let deadlines = Deadlines()
    try await withServer { router in
      answer(
        &router, "/runtime.v1.RuntimeService/Version", deadlines, Runtime_V1_VersionRequest.self, Runtime_V1_VersionResponse.self)
    } _: { _, path in
      let client = RemoteRuntime(socketPath: scheme + path)
      _ = try await client.version()
      await client.close()
    }
  }
}
