extension FieldSupport {
  /// The rules as a page of the reference (Markdown).
  public static var markdown: String {
    var text = """
      # Fields of a pod

      Made from `FieldSupport` by `make docs`. Paths have no indexes; `.*` is a field with all below it, and the longest path that covers a
      field wins. `@` stands for `spec.containers` and `spec.initContainers`, `%` for `livenessProbe`, `readinessProbe` and `startupProbe` of
      these. Some values of fields that act are refused all the same (a volume's type, a resource's name): the event names field and reason.


      """
    for group in groups {
      text += "## \(heading(group.effect))\n\n"
      for word in group.words { text += "- `\(word)`\n" }
      text += "\n"
    }
    return text
  }

  private static func heading(_ effect: Effect) -> String {
    switch effect {
    case .acts: "Acts"
    case .notForNodes: "For a scheduler or an API server: a kubelet ignores it in a static pod"
    case .ignored(let reason): "No effect, the pod runs without it: \(reason)"
    case .refused(let reason): "Refused, the pod cannot start: \(reason)"
    }
  }
}
