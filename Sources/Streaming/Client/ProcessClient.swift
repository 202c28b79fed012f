public import LinuxSystem
import NIOCore
import NIOPosix

/// A client of exec and attach: moves bytes between descriptors of its own and the streams of a session.
public struct ProcessClient: Sendable {
  public var url: String
  public var tty: Bool
  /// Read from; nil: the session has no input.
  public var input: SharedDescriptor?
  /// Written to.
  public var output: SharedDescriptor?
  public var error: SharedDescriptor?
  /// Sizes of the terminal, the first one at once.
  public var sizes: AsyncStream<(columns: UInt16, rows: UInt16)>?

  public init(
    url: String, tty: Bool = false, input: SharedDescriptor? = nil, output: SharedDescriptor? = nil, error: SharedDescriptor? = nil,
    sizes: AsyncStream<(columns: UInt16, rows: UInt16)>? = nil
  ) {
    self.url = url
    self.tty = tty
    self.input = input
    self.output = output
    self.error = error
    self.sizes = sizes
  }

  /// Runs the session to its end: when the process has ended and all of its output is written. Cancelling leaves it.
  /// - Throws: when the session does not begin.
  public func run() async throws(StreamingError) -> ProcessEnd {
    let url = try StreamURL(url)
    let (ends, continuation) = AsyncStream.makeStream(of: ProcessEnd.self)
    let client = self
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let session = ProcessClientSession(client) { end in
              continuation.yield(end)
              continuation.finish()
            }
            let request = url.request(["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"])
            try channel.pipeline.syncOperations.addHandler(ClientHandler(request, session))
          }
        }
        .connect(host: url.host, port: url.port).get()
    } catch {
      throw StreamingError("cannot connect to \(self.url): \(error)")
    }
    var end: ProcessEnd?
    for await value in ends { end = value }
    channel.close(promise: nil)
    return end ?? .failed("left")
  }
}

/// Of one `ProcessClient`; on the event loop of its connection.
final class ProcessClientSession: ClientSession {
  private let client: ProcessClient
  private let onEnd: (ProcessEnd) -> Void
  private var handler: ClientHandler?
  private var source: DescriptorSource?
  private var sinks: [UInt32: DescriptorSink] = [:]
  private var error: (stream: UInt32, text: [UInt8])?
  private var missing: Set<UInt32> = []
  private var result: ProcessEnd?

  init(_ client: ProcessClient, onEnd: @escaping (ProcessEnd) -> Void) {
    self.client = client
    self.onEnd = onEnd
  }

  func begin(_ handler: ClientHandler) {
    self.handler = handler
    let session = NIOLoopBound(self, eventLoop: handler.loop)
    func open(_ stream: ProcessStream) -> UInt32 { handler.open([("streamtype", stream.rawValue)]) }
    let status = open(.error)
    error = (status, [])
    missing = [status]
    let input = client.input.map { ($0, open(.stdin)) }
    for (descriptor, name) in [(client.output, ProcessStream.stdout), (client.error, .stderr)] {
      guard let descriptor else { continue }
      let stream = open(name)
      missing.insert(stream)
      sinks[stream] = DescriptorSink(descriptor, on: handler.loop) { session.value.sinkMoved() }
    }
    let resize = client.tty ? open(.resize) : nil
    if let (descriptor, stream) = input {
      source = DescriptorSource(
        descriptor, on: handler.loop, onBytes: { session.value.send($0, on: stream) },
        onEnd: { session.value.handler?.end(stream) })
      source?.resume()
    }
    if let resize, let sizes = client.sizes {
      let loop = handler.loop
      Task {
        for await size in sizes {
          loop.execute {
            session.value.handler?.send(ByteBuffer(string: #"{"Width":\#(size.columns),"Height":\#(size.rows)}"#), on: resize)
          }
        }
      }
    }
  }

  private func send(_ bytes: ByteBuffer, on stream: UInt32) {
    handler?.send(bytes, on: stream)
    if handler?.isWritable != true { source?.pause() }
  }

  func writabilityChanged() { if handler?.isWritable == true { source?.resume() } }

  func received(_ bytes: ByteBuffer, on stream: UInt32) {
    if stream == error?.stream {
      // A status is a few hundred bytes.
      error?.text += bytes.readableBytesView.prefix(65536)
    } else if let sink = sinks[stream] {
      sink.write(bytes)
      if !sink.isWritable { handler?.setReading(false) }
    }
  }

  private func sinkMoved() {
    if sinks.values.allSatisfy(\.isWritable) { handler?.setReading(true) }
    finishWhenWritten()
  }

  func ended(_ stream: UInt32) {
    missing.remove(stream)
    if missing.isEmpty { end(ExitStatus.end(error?.text ?? [])) }
  }

  func disconnected(_ reason: String) {
    let text = error?.text ?? []
    end(text.isEmpty ? .failed(reason) : ExitStatus.end(text))
  }

  private func end(_ end: ProcessEnd) {
    guard result == nil else { return }
    result = end
    source?.stop()
    finishWhenWritten()
  }

  private func finishWhenWritten() {
    guard let result, sinks.values.allSatisfy(\.isEmpty) else { return }
    for sink in sinks.values { sink.stop() }
    handler = nil
    onEnd(result)
  }
}
