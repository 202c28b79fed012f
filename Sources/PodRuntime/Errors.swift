import Cgroups
import FoundationEssentials
import Images
import LinuxRuntime
import LinuxSystem
import PodNetwork
import RuntimeAPI
import Store

/// The one place where errors of the layers below become what a CRI client sees.
func runtimeError(_ error: any Error, _ what: String) -> RuntimeError {
  switch error {
  case let error as RuntimeError: return error
  case let error as ImageError: return RuntimeError(imageCode(error), "\(what): \(error)")
  case let error as LinuxRuntimeError: return RuntimeError(linuxCode(error), "\(what): \(error)")
  default: return RuntimeError(.unknown, "\(what): \(error)")
  }
}

/// What the request says wrong, or what this node does not have.
private func linuxCode(_ error: LinuxRuntimeError) -> RuntimeError.Code {
  switch error.code {
  case .invalidSpec, .capability, .user: .invalidArgument
  case .unsupported: .failedPrecondition
  case .seccomp: .unknown
  }
}

private func imageCode(_ error: ImageError) -> RuntimeError.Code {
  switch error.code {
  case .notFound: .notFound
  case .invalidReference: .invalidArgument
  case .denied: .unauthenticated
  case .configuration: .failedPrecondition
  case .cancelled: .cancelled
  default: .unknown
  }
}

/// A value as JSON text with sorted keys, for verbose info; an encoding error becomes its text.
func jsonText(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch { return "{\"error\":\"\(error)\"}" }
}
