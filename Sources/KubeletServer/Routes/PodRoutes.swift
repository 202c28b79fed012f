internal import FoundationEssentials
public import KubeModel

/// `/pods`: every pod with its status, as v1.PodList.
public enum PodRoutes {
  public static func routes(_ list: @escaping @Sendable () -> PodList) -> [HTTPRoute] {
    let answer: @Sendable () async -> HTTPAnswer = {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      do {
        return HTTPAnswer(contentType: "application/json", body: [UInt8](try encoder.encode(list())))
      } catch {
        return HTTPAnswer(status: 500, text: "the pods cannot be written as JSON: \(error)\n")
      }
    }
    return [HTTPRoute("/pods", answer)]
  }

  /// - Parameter json: the text of a v1.PodList.
  public static func routes(json: @escaping @Sendable () -> [UInt8]) -> [HTTPRoute] {
    [HTTPRoute("/pods") { HTTPAnswer(contentType: "application/json", body: json()) }]
  }
}
