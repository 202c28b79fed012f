/// Writes one operation after the other, patching each length when its payload is complete.
struct OperationWriter {
  var output = ByteWriter()
  private var lengthOffset = 0

  init() {}
  mutating func begin(_ kind: UInt8) {
    output.integer(kind)
    lengthOffset = output.bytes.count
    output.integer(UInt32(0))
  }
  mutating func end() { output.patch(UInt32(output.bytes.count - lengthOffset - 4), at: lengthOffset) }
  mutating func integer<T: FixedWidthInteger>(_ value: T) { output.integer(value) }
  mutating func string(_ value: String) { output.string(value) }
  mutating func strings(_ values: [String]) { output.strings(values) }
  mutating func bool(_ value: Bool) { output.bool(value) }
  mutating func blob(_ value: [UInt8]) { output.blob(value) }

  mutating func bindMount(_ mount: BindMount) {
    string(mount.source)
    integer(mount.slot)
    string(mount.subPath)
    string(mount.target)
    bool(mount.recursive)
    integer(mount.attributesSet)
    integer(mount.attributesClear)
    bool(mount.attributesRecursive)
    integer(mount.propagation)
    integer(mount.requiredType)
  }

  mutating func append(_ operation: SetupOperation) {
    switch operation {
    case .joinNamespaces(let slot, let flags):
      begin(1)
      integer(slot)
      integer(flags)
    case .unshare(let flags):
      begin(2)
      integer(flags)
    case .rootPropagation(let flags):
      begin(3)
      integer(flags)
    case .overlayRoot(let layers, let upper, let work, let at):
      begin(4)
      strings(layers)
      string(upper)
      string(work)
      string(at)
    case .overlayRootByMount(let base, let layers, let upper, let work, let at):
      begin(5)
      string(base)
      strings(layers)
      string(upper)
      string(work)
      string(at)
    case .bindRoot(let source, let at):
      begin(6)
      string(source)
      string(at)
    case .currentRoot: begin(7)
    case .newRootPropagation(let flags):
      begin(8)
      integer(flags)
    case .fileSystem(let type, let source, let target, let attributes, let options):
      begin(9)
      string(type)
      string(source)
      string(target)
      integer(attributes)
      strings(options)
    case .bind(let mount):
      begin(10)
      bindMount(mount)
    case .makeDirectory(let path, let mode):
      begin(11)
      string(path)
      integer(mode)
    case .makeNode(let path, let mode, let major, let minor, let uid, let gid):
      begin(12)
      string(path)
      integer(mode)
      integer(major)
      integer(minor)
      integer(uid)
      integer(gid)
    case .makeSymlink(let target, let path):
      begin(13)
      string(target)
      string(path)
    case .mask(let path):
      begin(14)
      string(path)
    case .readOnly(let path):
      begin(15)
      string(path)
    case .readOnlyRoot: begin(16)
    case .pivotRoot: begin(17)
    case .hostname(let value):
      begin(18)
      string(value)
    case .domainname(let value):
      begin(19)
      string(value)
    case .sysctl(let path, let value):
      begin(20)
      string(path)
      string(value)
    case .resourceLimit(let resource, let soft, let hard, let optional):
      begin(21)
      integer(resource)
      integer(soft)
      integer(hard)
      bool(optional)
    case .oomScoreAdjust(let value, let optional):
      begin(22)
      integer(value)
      bool(optional)
    case .umask(let value):
      begin(23)
      integer(value)
    case .newSession: begin(24)
    case .controllingTerminal: begin(25)
    case .console: begin(26)
    case .groups(let groups):
      begin(27)
      integer(UInt32(groups.count))
      for group in groups { integer(group) }
    case .groupID(let value):
      begin(28)
      integer(value)
    case .userID(let value):
      begin(29)
      integer(value)
    case .boundingCapabilities(let keep):
      begin(30)
      integer(keep)
    case .keepCapabilities: begin(31)
    case .capabilities(let effective, let permitted, let inheritable):
      begin(32)
      integer(effective)
      integer(permitted)
      integer(inheritable)
    case .ambientCapabilities(let value):
      begin(33)
      integer(value)
    case .noNewPrivileges: begin(34)
    case .seccomp(let flags, let program):
      begin(35)
      integer(flags)
      blob(program)
    case .appArmorProfile(let value):
      begin(36)
      string(value)
    case .changeDirectory(let path, let create):
      begin(37)
      string(path)
      bool(create)
    case .awaitStart: begin(38)
    case .execute(let candidates, let arguments, let environment):
      begin(39)
      strings(candidates)
      strings(arguments)
      strings(environment)
    case .pause: begin(40)
    case .emptyRoot: begin(41)
    case .detachedRoot(let slot):
      begin(42)
      integer(slot)
    case .streamOwner(let user):
      begin(43)
      integer(user)
    }
  }
}
