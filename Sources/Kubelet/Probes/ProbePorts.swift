internal import KubeModel

enum ProbePorts {
  /// A number, or the name of one of the container's ports. nil when there is no such port or it is out of range.
  static func resolve(_ port: IntOrString, _ container: Container) -> Int? {
    let number: Int? =
      switch port {
      case .int(let value): Int(value)
      case .string(let name): container.ports?.first { $0.name == name }.map { Int($0.containerPort) } ?? Int(name)
      }
    return number.flatMap { (1...65535).contains($0) ? $0 : nil }
  }
}
