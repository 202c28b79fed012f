import PodRuntime
import RuntimeAPI
import Streaming

/// The built-in runtime's processes behind the agent's streaming server: the one place that knows both.
struct PodStreams: StreamingEndpoints {
  let runtime: PodRuntime
  let server: StreamingServer

  func exec(_ request: ExecRequest) async throws(RuntimeError) -> String {
    var request = request
    request.container = try await runtime.runningContainer(request.container, for: "exec")
    let command = request
    return try url { () throws(StreamingError) in
      try server.exec(ProcessRequest(command.streams) { try await streams(runtime.openExec(command)) })
    }
  }

  func attach(_ request: AttachRequest) async throws(RuntimeError) -> String {
    var request = request
    request.container = try await runtime.runningContainer(request.container, for: "attach")
    let target = request
    return try url { () throws(StreamingError) in
      try server.attach(ProcessRequest(target.streams) { try await streams(runtime.openAttach(target)) })
    }
  }

  func portForward(_ request: PortForwardRequest) async throws(RuntimeError) -> String {
    let sandbox = try await runtime.readySandbox(request.sandbox)
    return try url { () throws(StreamingError) in
      try server.portForward(ForwardRequest { port in try await runtime.dial(sandbox, port: port) })
    }
  }

  private func url(_ make: () throws(StreamingError) -> String) throws(RuntimeError) -> String {
    do throws(StreamingError) { return try make() } catch {
      throw RuntimeError(error.isExhausted ? .resourceExhausted : .unavailable, error.description)
    }
  }

  private func streams(_ process: OpenedProcess) -> ProcessStreams {
    // Not with the descriptors: they are closed long before some processes end.
    let ended = process.ended
    return ProcessStreams(
      input: process.input, output: process.output, error: process.error, resize: process.resize,
      ended: {
        switch await ended() {
        case .success(let code): .exited(code)
        case .failure(let error): .failed("\(error)")
        case nil: .failed("the agent stops")
        }
      })
  }
}

extension ProcessRequest {
  fileprivate init(_ choice: StreamChoice, open: @escaping @Sendable () async throws -> ProcessStreams) {
    self.init(stdin: choice.stdin, stdout: choice.stdout, stderr: choice.stderr, tty: choice.tty, open: open)
  }
}
