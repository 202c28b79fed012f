extension ByteReader {
  /// The payload of an operation; the numbers are those of `OperationWriter.append`.
  mutating func setupOperation(_ kind: UInt8) throws(CodecError) -> SetupOperation {
    switch kind {
    case 1: return .joinNamespaces(slot: try integer(), flags: try integer())
    case 2: return .unshare(flags: try integer())
    case 3: return .rootPropagation(flags: try integer())
    case 4:
      return .overlayRoot(
        layers: try strings(), upper: try string(), work: try string(), at: try string())
    case 5:
      return .overlayRootByMount(
        base: try string(), layers: try strings(), upper: try string(), work: try string(), at: try string())
    case 6: return .bindRoot(source: try string(), at: try string())
    case 7: return .currentRoot
    case 8: return .newRootPropagation(flags: try integer())
    case 9:
      return .fileSystem(
        type: try string(), source: try string(), target: try string(), attributes: try integer(), options: try strings())
    case 10: return .bind(try bindMount())
    case 11: return .makeDirectory(path: try string(), mode: try integer())
    case 12:
      return .makeNode(
        path: try string(), mode: try integer(), major: try integer(), minor: try integer(), uid: try integer(), gid: try integer())
    case 13: return .makeSymlink(target: try string(), path: try string())
    case 14: return .mask(path: try string())
    case 15: return .readOnly(path: try string())
    case 16: return .readOnlyRoot
    case 17: return .pivotRoot
    case 18: return .hostname(try string())
    case 19: return .domainname(try string())
    case 20: return .sysctl(path: try string(), value: try string())
    case 21:
      return .resourceLimit(
        resource: try integer(), soft: try integer(), hard: try integer(), optional: try bool())
    case 22: return .oomScoreAdjust(value: try integer(), optional: try bool())
    case 23: return .umask(try integer())
    case 24: return .newSession
    case 25: return .controllingTerminal
    case 26: return .console
    case 27:
      var groups: [UInt32] = []
      for _ in 0..<(try count(minimum: 4)) { groups.append(try integer()) }
      return .groups(groups)
    case 28: return .groupID(try integer())
    case 29: return .userID(try integer())
    case 30: return .boundingCapabilities(keep: try integer())
    case 31: return .keepCapabilities
    case 32: return .capabilities(effective: try integer(), permitted: try integer(), inheritable: try integer())
    case 33: return .ambientCapabilities(try integer())
    case 34: return .noNewPrivileges
    case 35: return .seccomp(flags: try integer(), program: try blob())
    case 36: return .appArmorProfile(try string())
    case 37: return .changeDirectory(path: try string(), create: try bool())
    case 38: return .awaitStart
    case 39: return .execute(candidates: try strings(), arguments: try strings(), environment: try strings())
    case 40: return .pause
    case 41: return .emptyRoot
    case 42: return .detachedRoot(slot: try integer())
    case 43: return .streamOwner(try integer())
    default: throw .unknownKind(kind)
    }
  }

  mutating func bindMount() throws(CodecError) -> BindMount {
    var mount = BindMount(source: try string(), target: "")
    mount.slot = try integer()
    mount.subPath = try string()
    mount.target = try string()
    mount.recursive = try bool()
    mount.attributesSet = try integer()
    mount.attributesClear = try integer()
    mount.attributesRecursive = try bool()
    mount.propagation = try integer()
    mount.requiredType = try integer()
    return mount
  }
}
