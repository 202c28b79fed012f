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
    case .lostAndBack:
      breakConnection()
      // On the next connection, behind the list that was asked for first.
      _ = try await call(.list)
      throw .unanswered(request.word)
    case .late:
      // Stopped until the caller has given up; then it does what it was asked, and says so.
      try? process?.signal(19 /* SIGSTOP */)
      defer { try? process?.signal(18 /* SIGCONT */) }
      return try await call(request, descriptors: descriptors, needing: version, within: .milliseconds(100))
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
