import LinuxSystem
import ShimCore

/// What a test lets go wrong between the agent and a podshim.
extension ShimLink {
  func call(
    _ request: ShimRequest, descriptors: [SharedDescriptor], needing version: UInt16, within timeout: Duration,
    failing fault: CallFault
  ) async throws(ShimError) -> ShimConnection.Answer {
    switch fault {
    case .lost:
      breakConnection()
      throw .unanswered(request.word)
    case .late:
      Task {
        _ = try? await call(request, descriptors: descriptors, needing: version, within: timeout)
        // As after any reply that comes too late.
        _ = try? await call(.list)
      }
      throw .unanswered(request.word)
    case .deathBefore:
      killShim()
      return try await call(request, descriptors: descriptors, needing: version, within: timeout)
    case .deathAfter:
      defer { killShim() }
      return try await call(request, descriptors: descriptors, needing: version, within: timeout)
    }
  }

  private func killShim() { try? process?.signal(9) }
}
