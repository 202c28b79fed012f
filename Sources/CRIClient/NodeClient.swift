import CRIMapping
import CRIProto
import GRPCTransport
public import RuntimeAPI
import SwiftProtobuf

/// What a Swiftlet node answers beyond the CRI. Another runtime answers `.unimplemented`.
public struct NodeClient: NodeOperations {
  private let client: GRPCClient
  private let timeout: Duration

  public init(socketPath: String, timeout: Duration = .seconds(120)) {
    self.client = GRPCClient(configuration: .init(socketPath: Endpoint.path(socketPath)))
    self.timeout = timeout
  }

  public func close() async { await client.close() }

  public func importImage(path: String, pin: Bool) async throws(RuntimeError) -> AsyncThrowingStream<ImageImportProgress, any Error>
  {
    var request = Swiftlet_V1_ImportImageRequest()
    request.path = path
    request.pin = pin
    let responses: ResponseStream<Swiftlet_V1_ImportImageProgress> = try await client.stream(method("ImportImage"), request)
    return values(responses) { ImageImportProgress($0) }
  }

  public func pullImage(
    _ reference: String, auth: RegistryAuth?
  ) async throws(RuntimeError) -> AsyncThrowingStream<ImageImportProgress, any Error> {
    var request = Runtime_V1_PullImageRequest()
    request.image.image = reference
    if let auth { request.auth = Runtime_V1_AuthConfig(auth) }
    let responses: ResponseStream<Swiftlet_V1_ImportImageProgress> = try await client.stream(method("PullImage"), request)
    return values(responses) { ImageImportProgress($0) }
  }

  public func events(after sequence: UInt64, follow: Bool) async throws(RuntimeError) -> AsyncThrowingStream<NodeEvent, any Error> {
    var request = Swiftlet_V1_ListEventsRequest()
    request.afterSequence = sequence
    request.follow = follow
    let responses: ResponseStream<Swiftlet_V1_NodeEvent> = try await client.stream(method("ListEvents"), request)
    return values(responses) { NodeEvent($0) }
  }

  public func podsJSON(namespace: String, name: String) async throws(RuntimeError) -> [String] {
    var request = Swiftlet_V1_ListPodsRequest()
    request.namespace = namespace
    request.name = name
    let response: Swiftlet_V1_ListPodsResponse = try await client.call(method("ListPods"), request, timeout: timeout)
    return response.pods
  }

  public func startTraces(namespace: String, name: String) async throws(RuntimeError) -> [StartTrace] {
    var request = Swiftlet_V1_ListStartTracesRequest()
    request.namespace = namespace
    request.name = name
    let response: Swiftlet_V1_ListStartTracesResponse = try await client.call(
      method("ListStartTraces"), request, timeout: timeout)
    return response.traces.map { StartTrace($0) }
  }

  public func leaks() async throws(RuntimeError) -> [NodeLeak] {
    let request = Swiftlet_V1_ListLeaksRequest()
    let response: Swiftlet_V1_ListLeaksResponse = try await client.call(method("ListLeaks"), request, timeout: timeout)
    return response.leaks.map { NodeLeak($0) }
  }

  public func collectGarbage(dryRun: Bool) async throws(RuntimeError) -> [NodeLeak] {
    var request = Swiftlet_V1_GarbageCollectRequest()
    request.dryRun = dryRun
    let response: Swiftlet_V1_GarbageCollectResponse = try await client.call(method("GarbageCollect"), request, timeout: timeout)
    return response.collected.map { NodeLeak($0) }
  }

  private func method(_ name: String) -> String { "/swiftlet.v1.NodeService/\(name)" }

  /// The consumer ending its iteration resets the call.
  private func values<Response: Message, Value: Sendable>(
    _ responses: ResponseStream<Response>, _ transform: @escaping @Sendable (Response) -> Value
  ) -> AsyncThrowingStream<Value, any Error> {
    let (values, continuation) = AsyncThrowingStream.makeStream(of: Value.self)
    let reader = Task {
      do {
        for try await response in responses { continuation.yield(transform(response)) }
        continuation.finish()
      } catch let status as GRPCStatus {
        continuation.finish(throwing: RuntimeError(status))
      } catch {
        continuation.finish(throwing: error)
      }
    }
    continuation.onTermination = { _ in reader.cancel() }
    return values
  }
}
