import Testing

@testable import Netlink

/// The bytes are written down from linux/netfilter/{nfnetlink,nf_tables}.h, not from a run of the code.
@Suite("nf_tables requests are the bytes the kernel expects")
struct NFTRequestTests {
  let table = NFTRequests(table: "t")

  @Test("tables are added, deleted and looked up")
  func tables() {
    #expect(
      table.addTable().sent
        == lines(
          hex(
            """
            1c000000 000a 0104 01000000 00000000  # NFT_MSG_NEWTABLE of subsystem 10, REQUEST|CREATE
            01 00 0000                            # nfgenmsg: NFPROTO_INET, version 0
            0600 0100 7400 0000                   # NFTA_TABLE_NAME "t"
            """)))
    #expect(table.deleteTable().sent == lines(hex("1c000000 020a 0100 01000000 00000000 01000000 0600 0100 7400 0000")))
    #expect(table.getTable().sent == lines(hex("1c000000 010a 0100 01000000 00000000 01000000 0600 0100 7400 0000")))
  }

  @Test("a base chain with a negative priority")
  func chain() {
    #expect(
      table.addNATChain("c", hook: .output, priority: -100).sent
        == lines(
          hex(
            """
            40000000 030a 0104 01000000 00000000  # NFT_MSG_NEWCHAIN, REQUEST|CREATE
            01 00 0000
            0600 0100 7400 0000                   # NFTA_CHAIN_TABLE "t"
            0600 0300 6300 0000                   # NFTA_CHAIN_NAME "c"
            1400 0480                             # NFTA_CHAIN_HOOK, nested
              0800 0100 00000003                  #   NFTA_HOOK_HOOKNUM NF_INET_LOCAL_OUT
              0800 0200 ffffff9c                  #   NFTA_HOOK_PRIORITY -100
            0800 0700 6e617400                    # NFTA_CHAIN_TYPE "nat"
            """)))
  }

  @Test("a map from a port to an address and port")
  func map() {
    #expect(
      table.addMap("m", keyLength: 8, valueLength: 8, id: 2).sent
        == lines(
          hex(
            """
            54000000 090a 0104 01000000 00000000  # NFT_MSG_NEWSET, REQUEST|CREATE
            01 00 0000
            0600 0100 7400 0000                   # NFTA_SET_TABLE "t"
            0600 0200 6d00 0000                   # NFTA_SET_NAME "m"
            0800 0300 00000008                    # NFTA_SET_FLAGS NFT_SET_MAP
            0800 0400 00000000                    # NFTA_SET_KEY_TYPE
            0800 0500 00000008                    # NFTA_SET_KEY_LEN
            0800 0600 00000000                    # NFTA_SET_DATA_TYPE
            0800 0700 00000008                    # NFTA_SET_DATA_LEN
            0800 0a00 00000002                    # NFTA_SET_ID
            """)))
  }

  @Test("a map's element is added with its value and deleted by its key")
  func element() {
    #expect(
      table.addElement("m", key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0], value: [10, 88, 0, 2, 0, 80, 0, 0]).sent
        == lines(
          hex(
            """
            4c000000 0c0a 0106 01000000 00000000  # NFT_MSG_NEWSETELEM, REQUEST|EXCL|CREATE
            01 00 0000
            0600 0100 7400 0000                   # NFTA_SET_ELEM_LIST_TABLE "t"
            0600 0200 6d00 0000                   # NFTA_SET_ELEM_LIST_SET "m"
            2800 0380                             # NFTA_SET_ELEM_LIST_ELEMENTS
              2400 0180                           #   NFTA_LIST_ELEM
                1000 0180                         #     NFTA_SET_ELEM_KEY
                  0c00 0100 06000000 1f900000     #       NFTA_DATA_VALUE TCP . 8080
                1000 0280                         #     NFTA_SET_ELEM_DATA
                  0c00 0100 0a580002 00500000     #       NFTA_DATA_VALUE 10.88.0.2 . 80
            """)))
    #expect(
      table.deleteElement("m", key: [17, 0, 0, 0, 0, 53, 0, 0]).sent
        == lines(
          hex(
            """
            3c000000 0e0a 0100 01000000 00000000  # NFT_MSG_DELSETELEM, REQUEST
            01 00 0000
            0600 0100 7400 0000
            0600 0200 6d00 0000
            1800 0380
              1400 0180
                1000 0180
                  0c00 0100 11000000 00350000     # UDP . 53
            """)))
  }

  /// One expression: NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA {...} }.
  @Test(
    "expressions of rules",
    arguments: [
      (
        NFTExpression.meta(.transportProtocol, into: 8),
        """
        2400 0180
          0900 0100 6d65746100 000000             # "meta"
          1400 0280
            0800 0100 00000008                    # NFTA_META_DREG
            0800 0200 00000010                    # NFTA_META_KEY NFT_META_L4PROTO
        """
      ),
      (
        .payload(.network, offset: 16, length: 4, into: 9),
        """
        3400 0180
          0c00 0100 7061796c6f616400              # "payload"
          2400 0280
            0800 0100 00000009                    # NFTA_PAYLOAD_DREG
            0800 0200 00000001                    # NFTA_PAYLOAD_BASE network header
            0800 0300 00000010                    # NFTA_PAYLOAD_OFFSET
            0800 0400 00000004                    # NFTA_PAYLOAD_LEN
        """
      ),
      (
        .bitwise(register: 8, mask: [255, 255, 255, 0]),
        """
        4400 0180
          0c00 0100 6269747769736500              # "bitwise"
          3400 0280
            0800 0100 00000008                    # NFTA_BITWISE_SREG
            0800 0200 00000008                    # NFTA_BITWISE_DREG
            0800 0300 00000004                    # NFTA_BITWISE_LEN
            0c00 0480 0800 0100 ffffff00          # NFTA_BITWISE_MASK
            0c00 0580 0800 0100 00000000          # NFTA_BITWISE_XOR
        """
      ),
      (
        .compare(register: 8, equal: false, [2]),
        """
        2c00 0180
          0800 0100 636d7000                      # "cmp"
          2000 0280
            0800 0100 00000008                    # NFTA_CMP_SREG
            0800 0200 00000001                    # NFTA_CMP_OP NFT_CMP_NEQ
            0c00 0380 0500 0100 02 000000         # NFTA_CMP_DATA
        """
      ),
      (
        .destinationAddressType(into: 8),
        """
        2800 0180
          0800 0100 66696200                      # "fib"
          1c00 0280
            0800 0100 00000008                    # NFTA_FIB_DREG
            0800 0200 00000003                    # NFTA_FIB_RESULT NFT_FIB_RESULT_ADDRTYPE
            0800 0300 00000002                    # NFTA_FIB_FLAGS NFTA_FIB_F_DADDR
        """
      ),
      (
        .connectionStatus(into: 8),
        """
        2000 0180
          0700 0100 637400 00                     # "ct"
          1400 0280
            0800 0100 00000008                    # NFTA_CT_DREG
            0800 0200 00000002                    # NFTA_CT_KEY NFT_CT_STATUS
        """
      ),
      (
        .lookup(map: "m", key: 8, into: 10),
        """
        2c00 0180
          0b00 0100 6c6f6f6b757000 00             # "lookup"
          1c00 0280
            0600 0100 6d00 0000                   # NFTA_LOOKUP_SET "m"
            0800 0200 00000008                    # NFTA_LOOKUP_SREG
            0800 0300 0000000a                    # NFTA_LOOKUP_DREG
        """
      ),
      (
        .destinationNAT(family: 2, address: 10, port: 11),
        """
        3000 0180
          0800 0100 6e617400                      # "nat"
          2400 0280
            0800 0100 00000001                    # NFTA_NAT_TYPE NFT_NAT_DNAT
            0800 0200 00000002                    # NFTA_NAT_FAMILY
            0800 0300 0000000a                    # NFTA_NAT_REG_ADDR_MIN
            0800 0500 0000000b                    # NFTA_NAT_REG_PROTO_MIN
        """
      ),
      (
        .masquerade,
        """
        1400 0180
          0900 0100 6d61737100 000000             # "masq"
          0400 0280
        """
      ),
    ])
  func expression(_ expression: NFTExpression, _ expected: String) {
    var builder = MessageBuilder()
    expression.write(to: &builder)
    #expect(lines(builder.bytes) == lines(hex(expected)))
  }

  @Test("a rule is a list of expressions")
  func rule() {
    #expect(
      table.addRule("c", [.masquerade]).sent
        == lines(
          hex(
            """
            3c000000 060a 010c 01000000 00000000  # NFT_MSG_NEWRULE, REQUEST|CREATE|APPEND
            01 00 0000
            0600 0100 7400 0000                   # NFTA_RULE_TABLE
            0600 0200 6300 0000                   # NFTA_RULE_CHAIN
            1800 0480                             # NFTA_RULE_EXPRESSIONS
              1400 0180 0900 0100 6d61737100 000000 0400 0280
            """)))
  }
}
