import Testing

@testable import Netlink

/// The bytes are written down from linux/netfilter/nf_tables.h and linux/netlink.h, not from a run of the code.
@Suite("What the kernel lists of nf_tables")
struct NFTListingTests {
  @Test("a base chain of iptables that drops by policy, and a chain without a hook")
  func chains() throws {
    let datagram = hex(
      """
      48000000 030a 0200 01000000 00000000  # NFT_MSG_NEWCHAIN
      02 00 0000                            # nfgenmsg: NFPROTO_IPV4
      0b00 0100 66696c746572 00 00          # NFTA_CHAIN_TABLE "filter"
      0c00 0300 464f525741524400            # NFTA_CHAIN_NAME "FORWARD"
      1400 0480                             # NFTA_CHAIN_HOOK
        0800 0100 00000002                  #   NF_INET_FORWARD
        0800 0200 00000000
      0800 0500 00000000                    # NFTA_CHAIN_POLICY NF_DROP
      """)
    let chain = try #require(NetlinkMessage.parse(datagram).first.flatMap(NFTChain.init))
    #expect(chain.family == 2 && chain.table == "filter" && chain.name == "FORWARD" && chain.hook == 2 && chain.dropsByPolicy)
    let plain = hex("20000000 030a 0200 01000000 00000000 02 00 0000 0600 0300 6300 0000 00000000")
    let other = try #require(NetlinkMessage.parse(plain).first.flatMap(NFTChain.init))
    #expect(other.hook == nil && !other.dropsByPolicy && other.name == "c")
  }

  @Test("a rule with its number and its mark")
  func rules() throws {
    let datagram = hex(
      """
      28000000 060a 0200 01000000 00000000  # NFT_MSG_NEWRULE
      02 00 0000
      0c00 0300 00000000 00000007           # NFTA_RULE_HANDLE 7
      0800 0700 6d61726b                    # NFTA_RULE_USERDATA "mark"
      """)
    let rule = try #require(NetlinkMessage.parse(datagram).first.flatMap(NFTRule.init))
    #expect(rule.handle == 7 && rule.mark == "mark")
  }

  @Test("a number of an error that has no positive twin does not end the agent")
  func extreme() throws {
    let request = NetlinkRequest("look up", "x", type: 1, body: [])
    let message = hex("24000000 0200 0000 01000000 00000000 00000080 10000000 0000 0000 00000000 00000000")
    let error = NetlinkConnection.failure(in: try #require(NetlinkMessage.parse(message).first), of: request)
    #expect(error?.code == .min)
  }
}
