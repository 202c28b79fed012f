import GRPCTransport
public import Logging

extension CRIServer {
  /// Which call a log line belongs to: its number in this agent and its client's process.
  public static let callMetadata = Logger.MetadataProvider {
    guard let call = CallContext.current else { return [:] }
    return ["call": "\(call.number)", "call.pid": "\(call.peer)"]
  }
}
