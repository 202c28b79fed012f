internal import KubeModel
internal import NIOCore
internal import RuntimeAPI

/// Runs postStart and preStop handlers. Source: kubelet lifecycle/handlers.go.
struct LifecycleHook: Sendable {
  static let agent = "kube-lifecycle/1.36"
  let runtime: any ContainerRuntime
  let group: any EventLoopGroup
  let clock: KubeletClock

  /// - Parameters:
  ///   - limit: longest time a `sleep` may take; nil: as long as it says.
  ///   - tell: gets reason and message of what a person should see though the hook succeeded.
  func run(
    _ handler: LifecycleHandler, _ container: Container, id: ContainerID, podIP: String, limit: Duration?,
    tell: @Sendable (_ reason: String, _ message: String) -> Void = { _, _ in }
  ) async throws(KubeletError) {
    if let exec = handler.exec {
      do {
        let seconds = limit.map { max(1, $0.components.seconds) } ?? 0
        let result = try await runtime.execSync(id, command: exec.command ?? [], timeout: seconds)
        if result.exitCode != 0 {
          let output = String(decoding: (result.stdout + result.stderr).prefix(1024), as: UTF8.self)
          throw KubeletError(
            .hook, "command '\((exec.command ?? []).joined(separator: " "))' exited with \(result.exitCode): \(output)")
        }
      } catch let error as RuntimeError {
        throw KubeletError(.hook, "the exec hook of \(container.name) could not be run", cause: error)
      } catch let error as KubeletError {
        throw error
      } catch {
        throw KubeletError(.hook, "the exec hook of \(container.name) failed", cause: error)
      }
      return
    }
    if let get = handler.httpGet {
      guard let port = ProbePorts.resolve(get.port, container) else { throw KubeletError(.hook, "invalid port \(get.port)") }
      var request = HTTPRequest(get, port: port, podIP: podIP, agent: Self.agent)
      if request.target.host.isEmpty { throw KubeletError(.hook, "the pod has no IP address") }
      do {
        do {
          // Any answer is success: the status does not matter.
          _ = try await HTTPProbeClient(group: group).get(request, timeout: limit ?? .seconds(30))
        } catch is PlainAnswer {
          // Hooks were HTTP whatever their scheme said, once. Source: kubelet lifecycle/handlers.go, `isHTTPResponseError`.
          let https = request.target.description
          request.target.isTLS = false
          request.headers.removeAll { $0.name.lowercased() == "authorization" }
          _ = try await HTTPProbeClient(group: group).get(request, timeout: limit ?? .seconds(30))
          tell("LifecycleHTTPFallback", "request to HTTPS lifecycle hook \(https) got HTTP response, retry with HTTP succeeded")
        }
      } catch {
        throw KubeletError(
          .hook,
          "the HTTP hook of \(container.name) got no answer: Get \"\(request.target.description)\": \(ProbeDial.words(error))")
      }
      return
    }
    if let sleep = handler.sleep {
      let wanted = Duration.seconds(sleep.seconds)
      do {
        try await clock.sleep(limit.map { min($0, wanted) } ?? wanted)
      } catch {
        throw KubeletError(.hook, "the sleep hook of \(container.name) was interrupted", cause: error)
      }
      return
    }
    throw KubeletError(.hook, "invalid handler: the hook has neither exec, httpGet nor sleep")
  }
}
