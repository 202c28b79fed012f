package import RuntimeAPI
package import Testing

/// The error of a call that must fail.
package func failure(
  _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async -> RuntimeError? {
  do {
    try await body()
    Issue.record("no error", sourceLocation: sourceLocation)
  } catch let error as RuntimeError {
    return error
  } catch {
    Issue.record("not a RuntimeError: \(error)", sourceLocation: sourceLocation)
  }
  return nil
}

/// What was waited for and did not come.
package struct Waiting: Error, CustomStringConvertible {
  package let what: String
  package init(_ what: String) { self.what = what }
  package var description: String { "waited in vain for \(what)" }
}
