/// Expressions of nf_tables rules. Registers are the 4-byte ones (8 is the first); all numbers travel big endian.
/// Source: include/uapi/linux/netfilter/nf_tables.h.
public enum NFTExpression: Equatable, Sendable {
  public enum MetaKey: UInt32, Sendable {
    case inputInterfaceName = 6
    case outputInterfaceName = 7
    case networkProtocol = 15
    case transportProtocol = 16
  }
  public enum PayloadBase: UInt32, Sendable {
    /// The Ethernet header, a VLAN tag included.
    case link = 0
    case network = 1
    case transport = 2
  }
  case meta(MetaKey, into: UInt32)
  case payload(PayloadBase, offset: UInt32, length: UInt32, into: UInt32)
  case bitwise(register: UInt32, mask: [UInt8])
  case compare(register: UInt32, equal: Bool, [UInt8])
  /// `fib daddr type`: the address type (RTN_LOCAL is 2) as a host-order number.
  case destinationAddressType(into: UInt32)
  /// Status bits of the connection (IPS_DST_NAT is 0x20).
  case connectionStatus(into: UInt32)
  /// State bits of the connection (ESTABLISHED is 2, RELATED 4).
  case connectionState(into: UInt32)
  /// A map look-up; the rule ends here when there is no such key.
  case lookup(map: String, key: UInt32, into: UInt32)
  /// The rule ends here unless the key is (or, with `inside` false, is not) in the set.
  case member(set: String, key: UInt32, inside: Bool)
  case destinationNAT(family: UInt8, address: UInt32, port: UInt32)
  case masquerade
  /// The packet goes no further.
  case drop
  /// This base chain has nothing against the packet.
  case accept
  case jump(chain: String)

  func write(to list: inout MessageBuilder) {
    list.nested(1, flagged: true) { element in
      element.attribute(1, string: name)
      element.nested(2, flagged: true) { writeData(to: &$0) }
    }
  }

  private var name: String {
    switch self {
    case .meta: "meta"
    case .payload: "payload"
    case .bitwise: "bitwise"
    case .compare: "cmp"
    case .destinationAddressType: "fib"
    case .connectionStatus, .connectionState: "ct"
    case .lookup, .member: "lookup"
    case .destinationNAT: "nat"
    case .masquerade: "masq"
    case .drop, .accept, .jump: "immediate"
    }
  }

  private func writeData(to data: inout MessageBuilder) {
    func value(_ type: UInt16, _ bytes: [UInt8]) { data.nested(type, flagged: true) { $0.attribute(1, bytes: bytes) } }
    switch self {
    case .meta(let key, let register):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: key.rawValue)
    case .payload(let base, let offset, let length, let register):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: base.rawValue)
      data.attribute(3, bigEndian: offset)
      data.attribute(4, bigEndian: length)
    case .bitwise(let register, let mask):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: register)
      data.attribute(3, bigEndian: UInt32(mask.count))
      value(4, mask)
      value(5, [UInt8](repeating: 0, count: mask.count))
    case .compare(let register, let equal, let bytes):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: equal ? 0 : 1)
      value(3, bytes)
    case .destinationAddressType(let register):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: 3)  // NFT_FIB_RESULT_ADDRTYPE
      data.attribute(3, bigEndian: 2)  // NFTA_FIB_F_DADDR
    case .connectionStatus(let register):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: 2)  // NFT_CT_STATUS
    case .connectionState(let register):
      data.attribute(1, bigEndian: register)
      data.attribute(2, bigEndian: 0)  // NFT_CT_STATE
    case .lookup(let map, let key, let register):
      data.attribute(1, string: map)
      data.attribute(2, bigEndian: key)
      data.attribute(3, bigEndian: register)
    case .destinationNAT(let family, let address, let port):
      data.attribute(1, bigEndian: 1)  // NFT_NAT_DNAT
      data.attribute(2, bigEndian: UInt32(family))
      data.attribute(3, bigEndian: address)
      data.attribute(5, bigEndian: port)
    case .masquerade: break
    case .member(let set, let key, let inside):
      data.attribute(1, string: set)
      data.attribute(2, bigEndian: key)
      if !inside { data.attribute(5, bigEndian: 1) }  // NFT_LOOKUP_F_INV
    case .drop: verdict(0, to: &data)  // NF_DROP
    case .accept: verdict(1, to: &data)  // NF_ACCEPT
    case .jump(let chain): verdict(-3, chain, to: &data)  // NFT_JUMP
    }
  }

  private func verdict(_ code: Int32, _ chain: String = "", to data: inout MessageBuilder) {
    data.attribute(1, bigEndian: 0)  // NFT_REG_VERDICT
    data.nested(2, flagged: true) { value in
      value.nested(2, flagged: true) { verdict in  // NFTA_DATA_VERDICT
        verdict.attribute(1, bigEndian: UInt32(bitPattern: code))
        if !chain.isEmpty { verdict.attribute(2, string: chain) }
      }
    }
  }
}
