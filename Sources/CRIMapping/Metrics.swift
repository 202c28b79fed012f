package import CRIProto
package import RuntimeAPI

extension MetricDescriptor {
  package init(_ message: Runtime_V1_MetricDescriptor) {
    self.init(name: message.name, help: message.help, labelKeys: message.labelKeys)
  }
}

extension Runtime_V1_MetricDescriptor {
  package init(_ value: MetricDescriptor) {
    self.init()
    name = value.name
    help = value.help
    labelKeys = value.labelKeys
  }
}

extension Metric {
  init(_ message: Runtime_V1_Metric) throws(RuntimeError) {
    self.init(
      name: message.name, timestamp: message.timestamp, kind: try enumeration(message.metricType, "metric_type"),
      labelValues: message.labelValues, value: message.value.value)
  }
}

extension Runtime_V1_Metric {
  init(_ value: Metric) {
    self.init()
    name = value.name
    timestamp = value.timestamp
    metricType = enumeration(value.kind)
    labelValues = value.labelValues
    self.value = Runtime_V1_UInt64Value(value.value)
  }
}

extension SandboxMetrics {
  package init(_ message: Runtime_V1_PodSandboxMetrics) throws(RuntimeError) {
    self.init(
      id: SandboxID(message.podSandboxID), metrics: try mapped(message.metrics, Metric.init),
      containers: try mapped(message.containerMetrics) { (container) throws(RuntimeError) in
        ContainerMetrics(id: ContainerID(container.containerID), metrics: try mapped(container.metrics, Metric.init))
      })
  }
}

extension Runtime_V1_PodSandboxMetrics {
  package init(_ value: SandboxMetrics) {
    self.init()
    podSandboxID = value.id.rawValue
    metrics = value.metrics.map(Runtime_V1_Metric.init)
    containerMetrics = value.containers.map { container in
      var message = Runtime_V1_ContainerMetrics()
      message.containerID = container.id.rawValue
      message.metrics = container.metrics.map(Runtime_V1_Metric.init)
      return message
    }
  }
}
