import CRIProto
import RuntimeAPI
import FoundationEssentials
import Logging

extension RuntimeService {
  func execSync(_ request: Runtime_V1_ExecSyncRequest) async throws(RuntimeError) -> Runtime_V1_ExecSyncResponse {
    let id = ContainerID(try required(request.containerID, "container_id"))
    guard !request.cmd.isEmpty else { throw RuntimeError(.invalidArgument, "cmd: must not be empty") }
    guard request.timeout >= 0 else {
      throw RuntimeError(.invalidArgument, "timeout: seconds, 0 for none, not \(request.timeout)")
    }
    let result = try await runtime.execSync(id, command: request.cmd, timeout: request.timeout)
    // Both outputs must fit into one message, or the client gets neither.
    let budget = ExecResult.maximumBytes
    let stderrShare = min(result.stderr.count, max(budget / 2, budget - result.stdout.count))
    if result.stdout.count + result.stderr.count > budget {
      logger.warning(
        "Output of a command cut", metadata: ["container.id": "\(id)", "command": "\(request.cmd[0])", "limit": "\(budget)"])
    }
    var response = Runtime_V1_ExecSyncResponse()
    response.stdout = Data(result.stdout.prefix(budget - stderrShare))
    response.stderr = Data(result.stderr.prefix(stderrShare))
    response.exitCode = result.exitCode
    return response
  }
}
