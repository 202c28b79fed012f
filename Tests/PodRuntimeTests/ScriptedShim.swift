import Foundation
import Glibc
import LinuxSystem
import Logging
import ShimCore
import Synchronization
import TestSupport
import Testing

@testable import PodRuntime

/// The other end of a podshim connection, in the hands of a test: what it answers, when, in what order, and whether at all.
final class ScriptedShim: Sendable {
  struct Request: Sendable {
    let id: UInt32
    let kind: UInt8
    let request: ShimRequest
  }
  private struct State {
    var received: [Request] = []
    var buffer: [UInt8] = []
    var socket: Int32
  }
  private let state: Mutex<State>

  /// - Parameter socket: connected; this object owns it now.
  init(socket: Int32) {
    state = Mutex(State(socket: socket))
    Thread { [self] in
      var chunk = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = unsafe read(socket, &chunk, chunk.count)
        if count <= 0 { return }
        state.withLock { state in
          state.buffer += chunk[..<count]
          while state.buffer.count >= ShimFrame.headerSize,
            let header = try? ShimFrame.decodeHeader(Array(state.buffer.prefix(ShimFrame.headerSize))),
            state.buffer.count >= ShimFrame.headerSize + header.payloadLength
          {
            let payload = Array(state.buffer[ShimFrame.headerSize..<(ShimFrame.headerSize + header.payloadLength)])
            state.buffer.removeFirst(ShimFrame.headerSize + header.payloadLength)
            if let request = try? ShimFrame.decodeRequest(kind: header.kind, payload: payload) {
              state.received.append(Request(id: header.requestID, kind: header.kind, request: request))
            }
          }
        }
      }
    }.start()
  }

  /// A pair: the agent's end, and the script's.
  static func pair() throws -> (UnixStream, ScriptedShim) {
    let (ours, theirs) = try UnixStream.pair()
    return (ours, ScriptedShim(socket: try theirs.duplicate().release()))
  }

  /// The first request of this kind that was not taken yet.
  func next(_ matches: @Sendable (ShimRequest) -> Bool) async throws -> Request {
    var found: Request?
    _ = await eventually {
      found = state.withLock { state in
        state.received.firstIndex { matches($0.request) }.map { state.received.remove(at: $0) }
      }
      return found != nil
    }
    guard let found else { throw Missing() }
    return found
  }
  struct Missing: Error {}

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    let socket = state.withLock { $0.socket }
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(socket, $0.baseAddress, $0.count, 0x4000 /* MSG_NOSIGNAL */) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
  func reply(_ reply: ShimReply, to request: Request, descriptorCount: Int = 0) {
    send(ShimFrame.encode(reply, id: request.id, descriptorCount: descriptorCount))
  }
  func event(_ event: ShimEvent) { send(ShimFrame.encode(event)) }
  func hangUp() {
    let socket = state.withLock { state in
      defer { state.socket = -1 }
      return state.socket
    }
    guard socket >= 0 else { return }
    shutdown(socket, 2 /* SHUT_RDWR */)
    close(socket)
  }
  deinit { hangUp() }
}
