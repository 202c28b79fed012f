/// Reads pods from a manifest file: YAML with several documents, or JSON (a subset of YAML); kinds v1 Pod, PodList and List.
/// Strict: an unknown field, a wrong type, a missing or repeated key is an error with its place; nothing is guessed.
public enum ManifestDecoder {
  /// One pod of a file, or the reasons why a document is none.
  public struct Result: Sendable {
    /// As written, without defaults; `nil` if `errors` is not empty.
    public let pod: Pod?
    public let errors: [ManifestError]
    let file: String
    let positions: [String: SourcePosition]

    /// Where the field at a JSON path is, or the nearest parent that is written in the file.
    public func position(of path: String) -> SourcePosition? {
      var path = path[...]
      while true {
        if let position = positions[String(path)] { return position }
        guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return positions[""] }
        path = path[..<cut]
      }
    }

    /// Gives a fault found later (by validation) its place in the file.
    public func located(_ error: FieldError) -> ManifestError {
      let position = position(of: error.path)
      return ManifestError(
        file: file, line: position?.line ?? 0, column: position?.column ?? 0, path: error.path, message: error.message)
    }
  }

  /// Pods of a file in order; documents that are empty or only comments are skipped. A syntax error ends the file: it is the last result.
  public static func decode(_ bytes: [UInt8], file: String) -> [Result] {
    let text: String
    switch ManifestText.check(bytes) {
    case .failure(let fault): return [failure(file, [fault.error(file: file)])]
    case .success(let value): text = value
    }
    let (documents, fault) = YAMLDocuments.compose(text, file: file)
    var results: [Result] = []
    var budget = ReadBudget()
    for document in documents {
      results += decode(document, file: file, budget: &budget)
      if budget.isFaulty || budget.isExhausted { return results }
    }
    if let fault { results.append(failure(file, [fault])) }
    return results
  }

  public static func decode(_ text: String, file: String) -> [Result] { decode(Array(text.utf8), file: file) }

  /// Decodes, applies defaults and validates: what the kubelet runs. Errors of validation carry places too. Reading ends where a file has
  /// `ReadBudget.maximumErrors` faults: the last result has errors then.
  public static func load(_ bytes: [UInt8], file: String) -> [Result] {
    var results: [Result] = []
    var faults = 0
    for var result in decode(bytes, file: file) {
      if var pod = result.pod {
        pod.applyDefaults()
        let errors = pod.validate().prefix(ReadBudget.maximumErrors - faults).map(result.located)
        result = Result(pod: errors.isEmpty ? pod : nil, errors: errors, file: file, positions: result.positions)
      }
      results.append(result)
      faults += result.errors.count
      if faults >= ReadBudget.maximumErrors { break }
    }
    return results
  }

  private static func failure(_ file: String, _ errors: [ManifestError]) -> Result {
    Result(pod: nil, errors: errors, file: file, positions: [:])
  }

  private static func decode(_ document: YAMLDocument, file: String, budget: inout ReadBudget) -> [Result] {
    var reader = StrictReader(types: Schema.types, file: file, budget: budget)
    defer { budget = reader.budget }
    let (version, kind) = document.apiVersionAndKind
    switch (version, kind) {
    case ("v1", "Pod"):
      return [pod(document, path: "", file: file, reader: &reader)]
    case ("v1", "PodList"), ("v1", "List"):
      let items = document.checkList(with: &reader)
      if !reader.errors.isEmpty { return [failure(file, reader.errors)] }
      var results: [Result] = []
      for (index, item) in items.enumerated() {
        let prefix = "items[\(index)]"
        reader = StrictReader(types: Schema.types, file: file, prefix: prefix, budget: reader.budget)
        results.append(pod(item, path: prefix, file: file, reader: &reader))
        if reader.budget.isFaulty || reader.budget.isExhausted { break }
      }
      return results
    default:
      let found = "apiVersion \"\(version ?? "")\", kind \"\(kind ?? "")\""
      reader.fail(document.node, version == "v1" ? "kind" : "apiVersion", "expected v1 Pod, PodList or List, found \(found)")
      return [failure(file, reader.errors)]
    }
  }

  /// - Parameter path: of the pod inside its document; the errors of a pod in a list begin with it, its positions do not.
  private static func pod(_ document: YAMLDocument, path: String, file: String, reader: inout StrictReader) -> Result {
    let (version, kind) = document.apiVersionAndKind
    if version != "v1" || kind != "Pod" {
      reader.fail(document.node, "kind", "expected v1 Pod, found apiVersion \"\(version ?? "")\", kind \"\(kind ?? "")\"")
      return failure(file, reader.errors)
    }
    let json = reader.read(document.node, .object("Pod"), "")
    if !reader.errors.isEmpty, let metadata = json?["metadata"], metadata["name"] == nil {
      // What validation would say, had it been reached.
      reader.fail(document.node, "metadata.name", "Required value: name or generateName is required")
    }
    guard reader.errors.isEmpty, let json else { return failure(file, reader.errors) }
    do {
      return Result(pod: try json.decode(Pod.self), errors: [], file: file, positions: reader.positions)
    } catch {
      reader.fail(document.node, "", "\(error)")
      return failure(file, reader.errors)
    }
  }
}
