internal import LinuxSystem
internal import NIOCore
internal import NIOPosix

/// The socket into which a blob's bytes go. Its peer's pace is the download's: what it does not take is not read from the registry.
final class BlobSink: Sendable {
  private let channel: any Channel

  private init(_ channel: any Channel) { self.channel = channel }

  /// - Parameter socket: a connected stream socket.
  static func open(_ socket: consuming OwnedDescriptor) async throws(RegistryError) -> BlobSink {
    let raw = socket.release()
    do {
      return BlobSink(try await ClientBootstrap(group: HTTPConnection.loops).withConnectedSocket(raw).get())
    } catch {
      throw RegistryError(.consumer, "cannot hand over the bytes of a blob: \(error)")
    }
  }

  func write(_ buffers: [ByteBuffer]) async throws(RegistryError) {
    do {
      try await withTaskCancellationHandler {
        for buffer in buffers.dropLast() { channel.write(buffer, promise: nil) }
        if let last = buffers.last { try await channel.writeAndFlush(last).get() }
      } onCancel: {
        channel.close(promise: nil)
      }
    } catch {
      throw Task.isCancelled
        ? RegistryError(.cancelled, "cancelled") : RegistryError(.consumer, "nobody takes the bytes of the blob any more")
    }
  }

  /// The peer sees the end.
  func close() async { _ = try? await channel.close().get() }
}
