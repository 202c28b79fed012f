import NIOCore

/// What carries the streams of a session to its client, SPDY or a WebSocket; on the event loop of the connection.
protocol SessionTransport: AnyObject {
  var loop: any EventLoop { get }
  /// false: the client has not taken what it was sent; `writabilityChanged` tells.
  var isWritable: Bool { get }
  /// Whether the client's version of exec's protocol gives the error stream a status; a text otherwise.
  var hasStatus: Bool { get }
  func send(_ bytes: ByteBuffer, on stream: UInt32)
  /// Nothing more comes from here on this stream.
  func end(_ stream: UInt32)
  func reset(_ stream: UInt32)
  /// Whether what the client sends is read: the way to hold it up.
  func setReading(_ reads: Bool)
  /// Everything was said: ends the connection when the client has it.
  func finish()
}

/// What is done with the streams of a client.
protocol Session: AnyObject {
  /// The connection is a session now; before anything else.
  func begin(_ transport: any SessionTransport)
  /// false: such a stream is not wanted.
  func opened(_ stream: UInt32, _ headers: SPDYHeaders) -> Bool
  func received(_ bytes: ByteBuffer, on stream: UInt32)
  /// The client said all on this stream.
  func ended(_ stream: UInt32)
  func wasReset(_ stream: UInt32)
  func writabilityChanged()
  /// The connection is over, for whatever reason. Called once, and nothing after it.
  func clientGone()
}
