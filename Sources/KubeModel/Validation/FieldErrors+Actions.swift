/// Probes and lifecycle hooks.
extension FieldErrors {
  mutating func probe(_ path: String, _ probe: Probe, isReadiness: Bool) {
    actions(path, exec: probe.exec, http: probe.httpGet, tcp: probe.tcpSocket, others: [("grpc", probe.grpc != nil)])
    if let port = probe.grpc?.port { range("\(path).grpc.port", Int(port), 1...65535) }
    let positive = 0...Int(Int32.max)
    range("\(path).initialDelaySeconds", probe.initialDelaySeconds.map(Int.init), positive)
    range("\(path).timeoutSeconds", probe.timeoutSeconds.map(Int.init), positive)
    range("\(path).periodSeconds", probe.periodSeconds.map(Int.init), positive)
    range("\(path).successThreshold", probe.successThreshold.map(Int.init), positive)
    range("\(path).failureThreshold", probe.failureThreshold.map(Int.init), positive)
    if !isReadiness, let threshold = probe.successThreshold, threshold > 1 {
      invalid("\(path).successThreshold", threshold, "must be 1")
    }
    if let grace = probe.terminationGracePeriodSeconds {
      if isReadiness {
        invalid("\(path).terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")
      } else {
        range("\(path).terminationGracePeriodSeconds", grace, 1...Int(Int32.max))
      }
    }
  }

  /// Source: validateStopSignal (KEP-4960).
  mutating func stopSignal(_ path: String, _ signal: String?, os: String?) {
    guard let signal else { return }
    if (os ?? "").isEmpty { forbidden(path, "may not be set for containers with empty `spec.os.name`") }
    if StopSignal.number(signal) == 0 { invalid(path, signal, "is not a signal such as SIGUSR1") }
  }

  mutating func handler(_ path: String, _ handler: LifecycleHandler) {
    actions(path, exec: handler.exec, http: handler.httpGet, tcp: handler.tcpSocket, others: [("sleep", handler.sleep != nil)])
    if let sleep = handler.sleep { range("\(path).sleep.seconds", sleep.seconds, 0...Int(Int32.max)) }
  }

  private mutating func actions(
    _ path: String, exec: ExecAction?, http: HTTPGetAction?, tcp: TCPSocketAction?, others: [(String, Bool)]
  ) {
    var set = others.filter(\.1).map(\.0)
    if let exec {
      set.append("exec")
      if (exec.command ?? []).isEmpty { required("\(path).exec.command") }
    }
    if let http {
      set.append("httpGet")
      if (http.path ?? "").isEmpty { required("\(path).httpGet.path") }
      oneOf("\(path).httpGet.scheme", http.scheme, ["HTTP", "HTTPS"])
      port("\(path).httpGet.port", http.port)
    }
    if let tcp {
      set.append("tcpSocket")
      port("\(path).tcpSocket.port", tcp.port)
    }
    if set.isEmpty { required(path, "must specify a handler type") }
    for extra in set.dropFirst() { forbidden("\(path).\(extra)", "may not specify more than 1 handler type") }
  }

  private mutating func port(_ path: String, _ port: IntOrString) {
    switch port {
    case .int(let number): range(path, Int(number), 1...65535)
    case .string(let name): if let fault = Names.port(name) { invalid(path, name, fault) }
    }
  }
}
