/// nf_tables requests for one table; several make one `NetlinkSocket.transaction`.
public struct NFTRequests: Sendable {
  /// Which packets a table's chains see. Source: include/uapi/linux/netfilter.h, NFPROTO_*.
  public enum Family: UInt8, Sendable {
    /// IPv4 and IPv6.
    case inet = 1
    case ipv4 = 2
    /// What one device receives, before anything else looks at it.
    case netdev = 5
    /// Frames that ports of bridges receive.
    case bridge = 7
    case ipv6 = 10
  }
  /// Name of the table.
  public let table: String
  public let family: Family
  public init(table: String, family: Family = .inet) {
    self.table = table
    self.family = family
  }

  public enum Hook: UInt32, Sendable {
    case prerouting = 0
    case forward = 2
    case output = 3
    case postrouting = 4
  }

  private func body(_ write: (inout MessageBuilder) -> Void) -> [UInt8] {
    var body = MessageBuilder()
    body.append([family.rawValue, 0, 0, 0] as [UInt8])  // nfgenmsg
    write(&body)
    return body.bytes
  }

  /// Adds the table; no effect when it is there.
  public func addTable() -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables table", table, type: NFTables.newTable, flags: MessageFlag.create,
      body: body { $0.attribute(1, string: table) })
  }

  /// Removes the table with everything in it; ENOENT when it is not there.
  public func deleteTable() -> NetlinkRequest {
    NetlinkRequest("delete nf_tables table", table, type: NFTables.deleteTable, body: body { $0.attribute(1, string: table) })
  }

  /// ENOENT when it is not there.
  public func getTable() -> NetlinkRequest {
    NetlinkRequest("look up nf_tables table", table, type: NFTables.getTable, body: body { $0.attribute(1, string: table) })
  }

  /// A base chain of type nat.
  public func addNATChain(_ name: String, hook: Hook, priority: Int32) -> NetlinkRequest {
    addChain(name, type: "nat", hook: hook, priority: priority)
  }

  /// A base chain of type filter.
  /// - Parameter drops: what no rule decides about is dropped.
  public func addFilterChain(_ name: String, hook: Hook, priority: Int32, drops: Bool = false) -> NetlinkRequest {
    addChain(name, type: "filter", hook: hook.rawValue, priority: priority, device: nil, drops: drops)
  }

  /// A base chain of type filter for what a device receives; only in a table of family netdev. The kernel may remove it with the device.
  public func addIngressChain(_ name: String, device: String, priority: Int32) -> NetlinkRequest {
    addChain(name, type: "filter", hook: 0, priority: priority, device: device)  // NF_NETDEV_INGRESS
  }

  /// A chain that other chains jump to.
  public func addChain(_ name: String) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables chain", "\(table)/\(name)", type: NFTables.newChain, flags: MessageFlag.create,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(3, string: name)
      })
  }

  /// Removes a chain with its rules; ENOENT when it is not there.
  public func deleteChain(_ name: String) -> NetlinkRequest {
    NetlinkRequest(
      "delete nf_tables chain", "\(table)/\(name)", type: NFTables.deleteChain,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(3, string: name)
      })
  }

  private func addChain(_ name: String, type: String, hook: Hook, priority: Int32) -> NetlinkRequest {
    addChain(name, type: type, hook: hook.rawValue, priority: priority, device: nil)
  }

  private func addChain(
    _ name: String, type: String, hook: UInt32, priority: Int32, device: String?, drops: Bool = false
  ) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables chain", "\(table)/\(name)", type: NFTables.newChain, flags: MessageFlag.create,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(3, string: name)
        message.nested(4, flagged: true) { hooks in
          hooks.attribute(1, bigEndian: hook)
          hooks.attribute(2, bigEndian: UInt32(bitPattern: priority))
          if let device { hooks.attribute(3, string: device) }
        }
        if drops { message.attribute(5, bigEndian: 0) }  // NFTA_CHAIN_POLICY NF_DROP
        message.attribute(7, string: type)
      })
  }

  /// Appends a rule.
  /// - Parameter mark: kept with the rule and given back when it is listed; nothing to the kernel.
  public func addRule(_ chain: String, _ expressions: [NFTExpression], mark: String = "") -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables rule", "\(table)/\(chain)", type: NFTables.newRule, flags: MessageFlag.create | MessageFlag.append,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: chain)
        message.nested(4, flagged: true) { list in for expression in expressions { expression.write(to: &list) } }
        if !mark.isEmpty { message.attribute(7, bytes: Array(mark.utf8)) }
      })
  }

  /// A dump request: the rules of a chain, as `NFTRule`.
  public func listRules(_ chain: String) -> NetlinkRequest {
    NetlinkRequest(
      "list nf_tables rules", "\(table)/\(chain)", type: NFTables.getRule,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: chain)
      })
  }

  /// Removes one rule by the number the kernel gave it.
  public func deleteRule(_ chain: String, handle: UInt64) -> NetlinkRequest {
    NetlinkRequest(
      "delete nf_tables rule", "\(table)/\(chain)", type: NFTables.deleteRule,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: chain)
        message.attribute(3, handle.byteSwapped)
      })
  }

  /// A map from keys of `keyLength` bytes to values of `valueLength` bytes (parts padded to 4 bytes each).
  /// - Parameter id: unique in its transaction.
  public func addMap(_ name: String, keyLength: UInt32, valueLength: UInt32, id: UInt32) -> NetlinkRequest {
    collection("map", name, keyLength: keyLength, valueLength: valueLength, id: id)
  }

  /// A set of keys of `keyLength` bytes (parts padded to 4 bytes each).
  /// - Parameter id: unique in its transaction.
  public func addSet(_ name: String, keyLength: UInt32, id: UInt32) -> NetlinkRequest {
    collection("set", name, keyLength: keyLength, valueLength: nil, id: id)
  }

  private func collection(_ kind: String, _ name: String, keyLength: UInt32, valueLength: UInt32?, id: UInt32) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables \(kind)", "\(table)/\(name)", type: NFTables.newSet, flags: MessageFlag.create,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: name)
        message.attribute(3, bigEndian: valueLength == nil ? 0 : 8)  // NFT_SET_MAP
        // Types mean something to user space only; 0 shows as raw bytes in `nft list`.
        message.attribute(4, bigEndian: 0)
        message.attribute(5, bigEndian: keyLength)
        if let valueLength {
          message.attribute(6, bigEndian: 0)
          message.attribute(7, bigEndian: valueLength)
        }
        message.attribute(10, bigEndian: id)
      })
  }

  /// EEXIST when the key is there with another value.
  public func addElement(_ map: String, key: [UInt8], value: [UInt8]) -> NetlinkRequest {
    element("add element to", map, NFTables.newSetElement, MessageFlag.create | MessageFlag.exclusive, key, value)
  }

  /// No effect when the key is there.
  public func addElement(_ set: String, key: [UInt8]) -> NetlinkRequest {
    element("add element to", set, NFTables.newSetElement, MessageFlag.create, key, nil)
  }

  /// ENOENT when the key is not there.
  public func deleteElement(_ map: String, key: [UInt8]) -> NetlinkRequest {
    element("delete element from", map, NFTables.deleteSetElement, 0, key, nil)
  }

  private func element(
    _ operation: String, _ map: String, _ type: UInt16, _ flags: UInt16, _ key: [UInt8], _ value: [UInt8]?
  ) -> NetlinkRequest {
    NetlinkRequest(
      operation, "\(table)/\(map)", type: type, flags: flags,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: map)
        message.nested(3, flagged: true) { list in
          list.nested(1, flagged: true) { element in
            element.nested(1, flagged: true) { $0.attribute(1, bytes: key) }
            if let value { element.nested(2, flagged: true) { $0.attribute(1, bytes: value) } }
          }
        }
      })
  }
}
