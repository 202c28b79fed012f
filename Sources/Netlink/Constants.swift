/// Numbers of the kernel's netlink interface that this module uses. Source: include/uapi/linux/{netlink,rtnetlink,if_link,veth}.h.
enum NetlinkProtocol {
  static let route: Int32 = 0
  static let netfilter: Int32 = 12
}

enum MessageType {
  static let error: UInt16 = 2
  static let done: UInt16 = 3
  static let newLink: UInt16 = 16
  static let deleteLink: UInt16 = 17
  static let getLink: UInt16 = 18
  static let newAddress: UInt16 = 20
  static let deleteAddress: UInt16 = 21
  static let getAddress: UInt16 = 22
  static let newRoute: UInt16 = 24
}

enum MessageFlag {
  static let request: UInt16 = 0x1
  static let acknowledge: UInt16 = 0x4
  static let replace: UInt16 = 0x100
  static let exclusive: UInt16 = 0x200
  static let create: UInt16 = 0x400
  static let append: UInt16 = 0x800
  static let dump: UInt16 = 0x300
  /// On a dump's messages: the table changed while it was read.
  static let dumpInterrupted: UInt16 = 0x10
  /// On an error message: attributes follow.
  static let errorAttributes: UInt16 = 0x200
  /// On an error message: only the header of the request is repeated.
  static let errorCapped: UInt16 = 0x100
}

enum LinkAttribute {
  static let address: UInt16 = 1
  static let name: UInt16 = 3
  static let mtu: UInt16 = 4
  static let master: UInt16 = 10
  static let operationalState: UInt16 = 16
  static let linkInfo: UInt16 = 18
  static let alias: UInt16 = 20
  static let statistics64: UInt16 = 23
  static let netnsDescriptor: UInt16 = 28
  // Inside linkInfo.
  static let infoKind: UInt16 = 1
  static let infoData: UInt16 = 2
  static let infoSlaveKind: UInt16 = 4
  static let infoSlaveData: UInt16 = 5
  static let vethPeer: UInt16 = 1
  static let bridgePortState: UInt16 = 1
  static let bridgePortHairpin: UInt16 = 4
}

enum AddressAttribute {
  static let address: UInt16 = 1
  static let local: UInt16 = 2
  static let broadcast: UInt16 = 4
  static let flags: UInt16 = 8
}

enum RouteAttribute {
  static let destination: UInt16 = 1
  static let outputInterface: UInt16 = 4
  static let gateway: UInt16 = 5
}

/// Source: include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h.
enum NFTables {
  static let subsystem: UInt16 = 10
  static let batchBegin: UInt16 = 16
  static let batchEnd: UInt16 = 17
  static let newTable = subsystem << 8 | 0
  static let getTable = subsystem << 8 | 1
  static let deleteTable = subsystem << 8 | 2
  static let newChain = subsystem << 8 | 3
  static let getChain = subsystem << 8 | 4
  static let deleteChain = subsystem << 8 | 5
  static let newRule = subsystem << 8 | 6
  static let getRule = subsystem << 8 | 7
  static let deleteRule = subsystem << 8 | 8
  static let newSet = subsystem << 8 | 9
  static let newSetElement = subsystem << 8 | 12
  static let getSetElement = subsystem << 8 | 13
  static let deleteSetElement = subsystem << 8 | 14
}
