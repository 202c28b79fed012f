import FoundationEssentials
import LinuxRuntime
import OCISpec
import RuntimeAPI
import Store
import Synchronization

/// What a container was made from, kept apart from its record: written once, while the record changes with every step.
struct StoredSpec: Codable, Sendable {
  /// Without the seccomp rules when they are the default profile's: those are hundreds of names that the code can give again.
  var spec: RuntimeSpec
  var hasDefaultSeccomp: Bool

  init(_ spec: RuntimeSpec, hasDefaultSeccomp: Bool) {
    self.spec = spec
    self.hasDefaultSeccomp = hasDefaultSeccomp
    if hasDefaultSeccomp { self.spec.linux?.seccomp = nil }
  }

  init(bytes: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) }

  func bytes() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }

  /// The spec with its seccomp rules.
  var complete: RuntimeSpec {
    guard hasDefaultSeccomp else { return spec }
    var complete = spec
    complete.linux?.seccomp = SeccompProfile.runtimeDefault(capabilities: spec.process?.capabilities?.bounding ?? [])
    return complete
  }
}

/// What every exec in a container begins with.
struct ExecIngredients: Sendable {
  var process: ProcessSpec
  /// The compiled filter.
  var seccomp: [UInt8]?
}

extension PodRuntime {
  func spec(of id: ContainerID) async throws(RuntimeError) -> StoredSpec {
    if let known = regainedSpecs.withLock({ $0[id] }) { return known }
    do {
      if let stored = try await records.spec(of: id) { return stored }
    } catch {
      throw RuntimeError(.internalError, "cannot read the spec of container \(id)", cause: error)
    }
    throw RuntimeError(.internalError, "the spec of container \(id) is missing from the database")
  }

  /// Kept of the last containers that were made or asked for it, as by probes.
  func execIngredients(of id: ContainerID) async throws -> ExecIngredients {
    if let known = execs.withLock({ $0[id] }) { return known }
    let ingredients = try execIngredients(try await spec(of: id).complete, id)
    execs.withLock { $0[id] = ingredients }
    return ingredients
  }

  func execIngredients(_ spec: RuntimeSpec, _ id: ContainerID) throws -> ExecIngredients {
    guard let process = spec.process else { throw RuntimeError(.internalError, "container \(id) has no process in its spec") }
    return ExecIngredients(process: process, seccomp: try compiled(spec.linux?.seccomp))
  }
}
