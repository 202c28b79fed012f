import CRIWork
import Glibc
import LinuxSystem
import NIOCore
import NIOPosix

/// Times static pods: manifests moved into place until the agent's `/pods` calls all of them Running, and until all are gone again.
/// `/pods` is read all the while, as a monitoring agent would.
struct StaticPods {
  let options: Options

  /// One pod at a time, then `count` pods at once; prints a table in milliseconds.
  func measure(_ count: Int) async throws {
    var timings = Timings()
    for round in 0..<options.iterations {
      try await timings.measure("static-pod to Running") { try await place(["single-\(round)"], expecting: 1) }
      try await take(["single-\(round)"])
    }
    let names = (0..<count).map { "many-\($0)" }
    try await timings.measure("static-pods \(count) to Running") { try await place(names, expecting: count) }
    print(timings.table)
    if options.holds {
      announce(count)
      _ = readLine()
    }
    timings = Timings()
    try await timings.measure("static-pods \(count) gone") { try await take(names) }
    print(timings.table)
  }

  private func manifest(_ name: String) -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: { name: \(name) }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: \(options.work.image)
          imagePullPolicy: Never
          command: \(options.work.command)
          securityContext: { seccompProfile: { type: RuntimeDefault } }
          volumeMounts: [{ name: data, mountPath: /data }, { name: cache, mountPath: /cache }]
      volumes: [{ name: data, emptyDir: {} }, { name: cache, emptyDir: {} }]

    """
  }

  /// Moved into place: each file appears whole.
  private func place(_ names: [String], expecting count: Int) async throws {
    for name in names {
      // A name with a dot in front is not a manifest.
      let (draft, final) = ("\(options.work.directory)/manifests/.\(name)", "\(options.work.directory)/manifests/\(name).yaml")
      try writeFile(draft, manifest(name))
      guard unsafe rename(draft, final) == 0 else { throw UsageError("cannot rename \(draft) to \(final): errno \(errno)") }
    }
    try await wait { pods in pods.running == count }
  }

  private func take(_ names: [String]) async throws {
    for name in names { try removeTree("\(options.work.directory)/manifests/\(name).yaml") }
    try await wait { pods in pods.all == 0 }
  }

  /// Reads `/pods` every 2 ms for one pod, every 20 ms for many.
  private func wait(_ done: ((all: Int, running: Int)) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(300)
    while true {
      let pods = try await read()
      if done(pods) { return }
      if ContinuousClock.now > deadline { throw UsageError("\(pods.running) of \(pods.all) static pods run after 300 s") }
      try await Task.sleep(for: pods.all > 1 ? .milliseconds(20) : .milliseconds(2))
    }
  }

  private func read() async throws -> (all: Int, running: Int) {
    let body = try await HTTPGet.body(port: options.port, path: "/pods")
    return (body.occurrences(of: "\"kind\":\"Pod\""), body.occurrences(of: "\"phase\":\"Running\""))
  }
}

/// GET from a server on loopback, a connection for each request.
enum HTTPGet {
  static func body(port: Int, path: String) async throws -> [UInt8] {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    let answer = try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
      var all = ByteBuffer()
      for try await part in inbound { all.writeImmutableBuffer(part) }
      return Array(all.readableBytesView)
    }
    guard answer.starts(with: Array("HTTP/1.1 200".utf8)) else {
      throw UsageError("GET \(path): \(String(decoding: answer.prefix(100), as: UTF8.self))")
    }
    return answer
  }
}

extension [UInt8] {
  /// How often `text` stands here; occurrences do not overlap.
  func occurrences(of text: String) -> Int {
    let pattern = [UInt8](text.utf8)
    var (count, index) = (0, 0)
    while index + pattern.count <= self.count {
      if self[index] == pattern[0], self[index..<index + pattern.count].elementsEqual(pattern) {
        count += 1
        index += pattern.count
      } else {
        index += 1
      }
    }
    return count
  }
}
