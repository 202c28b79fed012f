import GRPCTransport
import RuntimeAPI

/// The one place where errors become gRPC statuses.
extension GRPCStatus {
  /// Codes have the same numbers. A pull's error keeps its message untouched: kubelets look at its beginning.
  init(_ error: RuntimeError) {
    self.init(GRPCStatus.Code(rawValue: error.code.rawValue) ?? .unknown, error.description)
  }
}
