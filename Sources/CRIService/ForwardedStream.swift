import RuntimeAPI
import SwiftProtobuf

/// Sends a stream's elements as they come; its failure becomes the call's.
func forward<Element: Sendable, Response: Message>(
  _ elements: AsyncThrowingStream<Element, any Error>, to writer: ResponseStreamWriter<Response>,
  _ transform: (Element) -> Response
) async throws(RuntimeError) {
  do {
    for try await element in elements { try await writer.send(transform(element)) }
  } catch let error as RuntimeError {
    throw error
  } catch {
    throw RuntimeError(.unknown, "\(error)")
  }
}
