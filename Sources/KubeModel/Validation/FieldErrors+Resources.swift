/// Amounts of resources, and references to them.
extension FieldErrors {
  mutating func resources(_ path: String, _ resources: ResourceRequirements?) {
    let limits = resources?.limits ?? [:]
    let requests = resources?.requests ?? [:]
    amounts("\(path).limits", limits)
    amounts("\(path).requests", requests)
    for (name, amount) in requests.sorted(by: { $0.key < $1.key }) {
      let place = "\(path).requests.\(name)"
      if let limit = limits[name] {
        if amount > limit { invalid(place, amount, "must be less than or equal to \(name) limit of \(limit)") }
        if name.hasPrefix("hugepages-"), amount != limit { invalid(place, amount, "must be equal to \(name) limit of \(limit)") }
      } else if name.hasPrefix("hugepages-") {
        required("\(path).limits", "limit must be set for non overcommitable resources")
      }
    }
  }

  mutating func amounts(_ path: String, _ amounts: [String: Quantity]) {
    for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
      let place = "\(path).\(name)"
      let standard = ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-")
      if !standard, !name.contains("/") { invalid(place, name, "must be a standard resource type or fully qualified") }
      if amount < 0 { invalid(place, amount, "must be greater than or equal to 0") }
      if name != "cpu", name != "memory", name != "ephemeral-storage", !amount.isWhole {
        invalid(place, amount, "must be an integer")
      }
    }
  }

  /// Source: validateContainerResourceFieldSelector and validateContainerResourceDivisor.
  mutating func resourceField(_ path: String, _ field: ResourceFieldSelector) {
    let allowed = ["limits", "requests"].flatMap { kind in ["cpu", "ephemeral-storage", "memory"].map { "\(kind).\($0)" } }
    if !field.resource.contains(".hugepages-") { oneOf("\(path).resource", field.resource, allowed) }
    guard let divisor = field.divisor, !divisor.isZero else { return }
    let isCPU = field.resource.hasSuffix(".cpu")
    let divisors =
      isCPU ? ["1m", "1"] : ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
    if divisors.contains(where: { Quantity($0) == divisor }) { return }
    let kind =
      switch field.resource.split(separator: ".", maxSplits: 1).last ?? "" {
      case "cpu", "memory": String(field.resource.split(separator: ".").last ?? "")
      case "ephemeral-storage": "local ephemeral storage"
      default: "hugepages"
      }
    let values = isCPU ? divisors.joined(separator: " and ") : divisors.joined(separator: ", ")
    invalid("\(path).divisor", field.resource, "only divisor's values \(values) are supported with the \(kind) resource")
  }
}
