import CLinux

/// Attached clients' input on its way to a container's standard input. Reads no more than the container takes.
final class InputFeed {
  private final class Client {
    let descriptor: Descriptor
    var token: UInt64?
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }

  /// The writing end; nil once closed. For a terminal a duplicate of its controlling side.
  private var target: Descriptor?
  private let closesWithFirst: Bool
  private var clients: [Client] = []
  private var pending: [UInt8] = []
  private var waiting: Client?
  private var targetToken: UInt64?
  private var closesWhenWritten = false

  init(_ target: consuming Descriptor, closesWithFirst: Bool) {
    self.target = consume target
    self.closesWithFirst = closesWithFirst
  }

  /// A client of an input that is closed is not kept: nothing of what it sends has a way to go.
  func attach(_ descriptor: consuming Descriptor, _ loop: Loop) {
    guard target != nil else { return }
    _ = cl_set_nonblocking(descriptor.raw)
    let client = Client(descriptor)
    clients.append(client)
    watch(client, loop)
  }

  func close(_ loop: Loop) {
    for client in clients { unwatch(client, loop) }
    clients = []
    waiting = nil
    if let token = targetToken, let raw = target?.raw { loop.remove(token, raw) }
    targetToken = nil
    target = nil
  }

  private func watch(_ client: Client, _ loop: Loop) {
    client.token = try? loop.add(client.descriptor.raw, Loop.readable) { self.read(client, loop) }
  }

  private func unwatch(_ client: Client, _ loop: Loop) {
    if let token = client.token { loop.remove(token, client.descriptor.raw) }
    client.token = nil
  }

  private func read(_ client: Client, _ loop: Loop) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = unsafe cl_read(client.descriptor.raw, &chunk, chunk.count)
    if count == Int64(-Errno.again) || count == Int64(-Errno.interrupted) { return }
    if count <= 0 {
      unwatch(client, loop)
      clients.removeAll { $0 === client }
      if closesWithFirst { pending.isEmpty ? close(loop) : (closesWhenWritten = true) }
      return
    }
    pending.append(contentsOf: chunk[0..<Int(count)])
    unwatch(client, loop)
    waiting = client
    write(loop)
  }

  private func write(_ loop: Loop) {
    guard let raw = target?.raw else { return }
    let count = unsafe cl_write(raw, pending, pending.count)
    if count > 0 { pending.removeFirst(Int(count)) }
    if count < 0, count != Int64(-Errno.again), count != Int64(-Errno.interrupted) { return close(loop) }
    if pending.isEmpty {
      if let token = targetToken { loop.remove(token, raw) }
      targetToken = nil
      pending = []
      if closesWhenWritten { return close(loop) }
      for client in clients where client.token == nil { watch(client, loop) }
      waiting = nil
    } else if targetToken == nil {
      targetToken = try? loop.add(raw, Loop.writable) { self.write(loop) }
    }
  }
}
