/// A seccomp filter as a container configuration carries it. Source: runtime-spec config-linux.md, "Seccomp".
public struct SeccompSpec: Codable, Hashable, Sendable {
  public struct Argument: Codable, Hashable, Sendable {
    public var index: UInt32
    public var value: UInt64
    public var valueTwo: UInt64?
    /// `SCMP_CMP_EQ` and its kind.
    public var op: String
    public init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
      self.index = index
      self.value = value
      self.valueTwo = valueTwo
      self.op = op
    }
  }
  public struct Syscall: Codable, Hashable, Sendable {
    public var names: [String]
    /// `SCMP_ACT_ALLOW` and its kind.
    public var action: String
    public var errnoRet: UInt32?
    public var args: [Argument]?
    public init(names: [String], action: String, errnoRet: UInt32? = nil, args: [Argument]? = nil) {
      self.names = names
      self.action = action
      self.errnoRet = errnoRet
      self.args = args
    }
  }
  public var defaultAction: String
  public var defaultErrnoRet: UInt32?
  /// `SCMP_ARCH_X86_64` and its kind.
  public var architectures: [String]?
  /// `SECCOMP_FILTER_FLAG_LOG` and its kind.
  public var flags: [String]?
  public var listenerPath: String?
  public var syscalls: [Syscall]?

  public init(
    defaultAction: String, defaultErrnoRet: UInt32? = nil, architectures: [String]? = nil, flags: [String]? = nil,
    listenerPath: String? = nil, syscalls: [Syscall]? = nil
  ) {
    self.defaultAction = defaultAction
    self.defaultErrnoRet = defaultErrnoRet
    self.architectures = architectures
    self.flags = flags
    self.listenerPath = listenerPath
    self.syscalls = syscalls
  }
}
