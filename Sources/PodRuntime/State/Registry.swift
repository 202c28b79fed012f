import RuntimeAPI

/// Every sandbox and container there is, by id, by name and by membership, and the creations under way.
struct Registry {
  /// A creation under way: a retry with the same request joins it.
  struct Creation<Config: Equatable & Sendable, ID: Sendable> {
    var config: Config
    var task: Task<ID, any Error>
  }

  private(set) var sandboxes: [SandboxID: Sandbox] = [:]
  /// Those being created among them, or their exits would find nobody.
  private(set) var containers: [ContainerID: Container] = [:]
  private var members: [SandboxID: Set<ContainerID>] = [:]
  private var sandboxNames: [String: SandboxID] = [:]
  private var containerNames: [String: ContainerID] = [:]
  var running: [String: Creation<SandboxConfig, SandboxID>] = [:] { didSet { changes += 1 } }
  var creating: [String: Creation<ContainerConfig, ContainerID>] = [:] { didSet { changes += 1 } }
  /// Not any more when the agent ends its pods.
  var makesSandboxes = true
  /// Of the creations under way: the same number before and after means that none began or ended between.
  private(set) var changes = 0

  mutating func add(_ sandbox: Sandbox) {
    sandboxes[sandbox.id] = sandbox
    sandboxNames[sandbox.record.key] = sandbox.id
  }

  mutating func remove(_ sandbox: Sandbox) {
    sandboxes[sandbox.id] = nil
    members[sandbox.id] = nil
    let key = sandbox.record.key
    if sandboxNames[key] == sandbox.id { sandboxNames[key] = nil }
  }

  mutating func add(_ container: Container) {
    containers[container.id] = container
    members[container.sandboxID, default: []].insert(container.id)
    containerNames[container.record.key] = container.id
  }

  mutating func remove(_ container: Container) {
    containers[container.id] = nil
    members[container.sandboxID]?.remove(container.id)
    let key = container.record.key
    if containerNames[key] == container.id { containerNames[key] = nil }
  }

  func sandbox(named key: String) -> Sandbox? { sandboxNames[key].flatMap { sandboxes[$0] } }
  func container(named key: String) -> Container? { containerNames[key].flatMap { containers[$0] } }
  func containers(of sandbox: SandboxID) -> [Container] { (members[sandbox] ?? []).compactMap { containers[$0] } }

  /// The sandbox with this id, or the only one whose id begins so.
  func sandbox(_ text: String) -> Identifier.Match<Sandbox> {
    Identifier.match(text, in: sandboxes, id: { SandboxID($0) }, text: \.rawValue)
  }

  /// As `sandbox`; one that is being created is not there yet.
  func container(_ text: String) -> Identifier.Match<Container> {
    switch Identifier.match(text, in: containers, id: { ContainerID($0) }, text: \.rawValue) {
    case .one(let container) where !container.machine.isVisible: .none
    case let match: match
    }
  }
}

extension ContainerMachine {
  /// Callers know it: it was made, and not undone.
  var isVisible: Bool {
    switch phase {
    case .creating, .discarded: false
    case .created, .starting, .running, .exited: true
    }
  }
}
