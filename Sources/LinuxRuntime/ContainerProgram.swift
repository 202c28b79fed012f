public import ShimCore

/// What podshim needs to make one process, apart from its standard streams and log.
public struct ContainerProgram: Equatable, Sendable {
  /// Flags of clone3.
  public var cloneFlags: UInt64 = 0
  public var operations: [SetupOperation] = []
  public var uidMappings: [IDMapping] = []
  public var gidMappings: [IDMapping] = []
  /// Namespace files the caller opens and passes, in this order, from slot `SetupOptions.firstSlot` on.
  public var descriptors: [String] = []
  public var joinsPID = false
  public var joinPIDOf = ""
  /// The process of this podshim whose namespaces slot 255 means.
  public var joinProcess = ""

  public init() {}

  /// Fills the parts of a spawn request that this program decides; `program` stays the caller's encoding of `operations`.
  public func fill(_ request: inout SpawnRequest) {
    request.cloneFlags = cloneFlags
    request.uidMappings = uidMappings
    request.gidMappings = gidMappings
    request.joinsPID = joinsPID
    request.joinPIDOf = joinPIDOf
    request.joinProcess = joinProcess
  }
}

/// Where the root file system comes from.
public enum RootFileSystem: Equatable, Sendable {
  /// Host paths, topmost layer first; empty `upper`: read-only. Needs Linux 6.5 (`lowerdir+`).
  case overlay(layers: [String], upper: String, work: String)
  /// Layers relative to `base`, through mount(2).
  case overlayByMount(base: String, layers: [String], upper: String, work: String)
  case directory(String)
  /// A detached mount in this slot of the spawn request. podshim of version 3.
  case detached(slot: UInt8)
}

/// What the specification cannot say, because it is about this host.
public struct SetupOptions: Equatable, Sendable {
  public var root: RootFileSystem
  /// An existing host directory on which the child mounts its root, in its own mount namespace.
  public var mountPoint: String
  /// Descriptors of the program's own begin here in the spawn request.
  public var firstSlot: UInt8 = 0
  /// Slots of detached mounts the caller made (volumes), by destination; several mounts on one place in the specification's order, -1 for
  /// one that has no slot.
  public var mountSlots: [String: [Int16]] = [:]
  /// The host user whom the container's user namespace calls root; nil: it has none of its own.
  public var streamOwner: UInt32?
  /// Wait for the start request before exec (CRI create and start are two calls).
  public var waitsForStart = true
  /// The agent lacks CAP_SYS_RESOURCE: raising a limit or lowering the OOM score may fail.
  public var resourceOptional = false
  /// Compiled by `SeccompCompiler`; nil: unconfined.
  public var seccomp: [UInt8]?
  public var seccompFlags: UInt32 = 0

  public init(root: RootFileSystem, mountPoint: String) {
    self.root = root
    self.mountPoint = mountPoint
  }
}

/// A namespace path that means "that of a process of the same podshim" instead of a file.
public enum NamespacePath {
  private static let prefix = "process:"
  /// `id`: a process of the podshim, "" for the sandbox's pause process.
  public static func process(_ id: String = "") -> String { prefix + id }
  public static func processID(_ path: String) -> String? { path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil }
}
