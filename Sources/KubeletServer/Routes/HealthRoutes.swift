/// `/healthz` and its parts. Source: kubelet healthz: `ok` as text.
public enum HealthRoutes {
  /// - Parameter failure: why the kubelet is not healthy; nil when it is.
  public static func routes(failure: @escaping @Sendable () async -> String? = { nil }) -> [HTTPRoute] {
    let check: @Sendable () async -> HTTPAnswer = {
      guard let reason = await failure() else { return HTTPAnswer(text: "ok") }
      return HTTPAnswer(status: 500, text: "[-]syncloop failed: \(reason)\nhealthz check failed\n")
    }
    return [
      HTTPRoute("/healthz", check), HTTPRoute("/healthz/ping") { HTTPAnswer(text: "ok") }, HTTPRoute("/healthz/syncloop", check),
      HTTPRoute("/healthz/log") { HTTPAnswer(text: "ok") },
    ]
  }
}
