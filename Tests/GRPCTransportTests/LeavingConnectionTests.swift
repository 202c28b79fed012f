import NIOCore
import NIOEmbedded
import Testing

@testable import GRPCTransport

@Suite("Connections that are asked to leave") struct LeavingConnectionTests {
  private final class AskedToLeave: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var isAsked = false
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if event is ChannelShouldQuiesceEvent { isAsked = true }
    }
  }

  @Test(
    "a call that begins on one goes on to its end, however long after the grace time; later ones are refused, and then it is closed"
  )
  func late() throws {
    let loop = EmbeddedEventLoop()
    let connections = ServerConnections(grace: .seconds(5))
    let notes = (0...ServerConnections.crowd).map { _ in AskedToLeave() }
    let channels = notes.map { EmbeddedChannel(handler: $0, loop: loop) }
    for channel in channels {
      try channel.connect(to: SocketAddress(unixDomainSocketPath: "/s")).wait()
      #expect(connections.add(channel))
    }
    // The one that has been idle for longest; its client has not noticed.
    #expect(notes[0].isAsked && !notes[1].isAsked)
    let id = ObjectIdentifier(channels[0])
    #expect(connections.beginCall(on: id) == nil)
    loop.advanceTime(by: .seconds(3600))
    #expect(channels[0].isActive)
    #expect(connections.beginCall(on: id)?.code == .unavailable)
    connections.endCall(on: id)
    #expect(channels[0].isActive)
    // Its answer has the same time to be read.
    connections.endCall(on: id)
    loop.advanceTime(by: .seconds(4))
    #expect(channels[0].isActive)
    loop.advanceTime(by: .seconds(1))
    #expect(!channels[0].isActive && channels[1].isActive)
  }
}
