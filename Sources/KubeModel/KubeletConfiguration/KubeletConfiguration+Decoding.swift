/// Everything that is wrong with a configuration file.
public struct ConfigurationErrors: Error, Equatable, Sendable, CustomStringConvertible {
  public let errors: [ManifestError]
  public init(errors: [ManifestError]) { self.errors = errors }
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}

extension KubeletConfiguration {
  /// Reads one document, strictly: an unknown field is an error with its line. Absent fields have their defaults; the limits that depend
  /// on each other are set as the kubelet sets them. An empty file is the defaults.
  public static func decode(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) -> KubeletConfiguration {
    let text: String
    switch ManifestText.check(bytes) {
    case .failure(let fault): throw ConfigurationErrors(errors: [fault.error(file: file)])
    case .success(let value): text = value
    }
    let (documents, fault) = YAMLDocuments.compose(text, file: file)
    if let fault { throw ConfigurationErrors(errors: [fault]) }
    guard let document = documents.first else { return KubeletConfiguration() }
    var reader = StrictReader(types: schema, file: file)
    if documents.count > 1 { reader.fail(documents[1].node, "", "expected one document") }
    let (version, kind) = document.apiVersionAndKind
    if let version, version != "kubelet.config.k8s.io/v1beta1" {
      reader.fail(document.node, "apiVersion", "expected kubelet.config.k8s.io/v1beta1, found \"\(version)\"")
    }
    if let kind, kind != "KubeletConfiguration" {
      reader.fail(document.node, "kind", "expected KubeletConfiguration, found \"\(kind)\"")
    }
    let json = reader.read(document.node, .object("KubeletConfiguration"), "")
    guard reader.errors.isEmpty, let json else { throw ConfigurationErrors(errors: reader.errors) }
    let faults: [FieldError]
    do {
      let defaults = try JSONValue(encoding: KubeletConfiguration())
      var configuration = try defaults.with(json, type: "KubeletConfiguration").decode(KubeletConfiguration.self)
      if json["nodeStatusUpdateFrequency"] != nil, json["nodeStatusReportFrequency"] == nil {
        configuration.nodeStatusReportFrequency = configuration.nodeStatusUpdateFrequency
      }
      if json["serializeImagePulls"] == nil, let parallel = configuration.maxParallelImagePulls, parallel >= 2 {
        configuration.serializeImagePulls = false
      }
      faults = configuration.validate()
      if faults.isEmpty { return configuration }
    } catch {
      throw ConfigurationErrors(errors: [ManifestError(file: file, line: 0, column: 0, path: "", message: "\(error)")])
    }
    throw ConfigurationErrors(
      errors: faults.map { fault in
        let place = reader.position(of: fault.path)
        return ManifestError(
          file: file, line: place?.line ?? 0, column: place?.column ?? 0, path: fault.path, message: fault.message)
      })
  }
}

extension JSONValue {
  /// An object of the configuration with the fields that a file sets: field by field in objects of a known type; maps and lists are
  /// replaced whole, as the kubelet does.
  fileprivate func with(_ other: JSONValue, type: String) -> JSONValue {
    guard case .object(var fields) = self, case .object(let news) = other else { return other }
    for (name, new) in news where new != .null {
      if case .object(let inner)? = KubeletConfiguration.schema[type]?[name]?.shape, let old = fields[name] {
        fields[name] = old.with(new, type: inner)
      } else {
        fields[name] = new
      }
    }
    return .object(fields)
  }
}
