/// nf_tables requests for a table of family inet; several make one `NetlinkSocket.transaction`.
public struct NFTRequests: Sendable {
  /// Name of the table.
  public let table: String
  public init(table: String) { self.table = table }

  public enum Hook: UInt32, Sendable {
    case prerouting = 0
    case output = 3
    case postrouting = 4
  }

  private func body(_ write: (inout MessageBuilder) -> Void) -> [UInt8] {
    var body = MessageBuilder()
    body.append([NFTables.familyInet, 0, 0, 0] as [UInt8])  // nfgenmsg
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
  public func addFilterChain(_ name: String, hook: Hook, priority: Int32) -> NetlinkRequest {
    addChain(name, type: "filter", hook: hook, priority: priority)
  }

  private func addChain(_ name: String, type: String, hook: Hook, priority: Int32) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables chain", "\(table)/\(name)", type: NFTables.newChain, flags: MessageFlag.create,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(3, string: name)
        message.nested(4, flagged: true) { hooks in
          hooks.attribute(1, bigEndian: hook.rawValue)
          hooks.attribute(2, bigEndian: UInt32(bitPattern: priority))
        }
        message.attribute(7, string: type)
      })
  }

  public func addRule(_ chain: String, _ expressions: [NFTExpression]) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables rule", "\(table)/\(chain)", type: NFTables.newRule, flags: MessageFlag.create | MessageFlag.append,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: chain)
        message.nested(4, flagged: true) { list in for expression in expressions { expression.write(to: &list) } }
      })
  }

  /// A map from keys of `keyLength` bytes to values of `valueLength` bytes (parts padded to 4 bytes each).
  /// - Parameter id: unique in its transaction.
  public func addMap(_ name: String, keyLength: UInt32, valueLength: UInt32, id: UInt32) -> NetlinkRequest {
    NetlinkRequest(
      "add nf_tables map", "\(table)/\(name)", type: NFTables.newSet, flags: MessageFlag.create,
      body: body { message in
        message.attribute(1, string: table)
        message.attribute(2, string: name)
        message.attribute(3, bigEndian: 8)  // NFT_SET_MAP
        // Types mean something to user space only; 0 shows as raw bytes in `nft list`.
        message.attribute(4, bigEndian: 0)
        message.attribute(5, bigEndian: keyLength)
        message.attribute(6, bigEndian: 0)
        message.attribute(7, bigEndian: valueLength)
        message.attribute(10, bigEndian: id)
      })
  }

  /// EEXIST when the key is there with another value.
  public func addElement(_ map: String, key: [UInt8], value: [UInt8]) -> NetlinkRequest {
    element("add element to", map, NFTables.newSetElement, MessageFlag.create | MessageFlag.exclusive, key, value)
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
