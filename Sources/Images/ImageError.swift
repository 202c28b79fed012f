import Glibc
import LinuxSystem

/// What went wrong with an image: code, sentence, cause.
public struct ImageError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    case invalidReference
    case notFound
    /// An id prefix fits several images.
    case ambiguous
    /// The archive or a document in it is not what it should be.
    case invalidArchive
    /// Content does not have the digest it is named by.
    case digestMismatch
    /// No image for this machine's architecture.
    case wrongPlatform
    /// A limit was passed: too many entries, too large.
    case tooLarge
    /// The disk is full, or would be.
    case noSpace
    case inputOutput
    case cancelled
    /// The registry wants other credentials.
    case denied
    /// The registry was not reached, broke off or is overloaded: the same may work later.
    case unavailable
    /// Settings for registries, on this node.
    case configuration
    /// The name is one that no registry has.
    case localOnly
  }
  public let code: Code
  public let message: String
  public let cause: String?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause.map { "\($0)" }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Runs file system calls; a failure becomes an `ImageError` that says what was being done.
func files<R>(_ what: @autoclosure () -> String, _ body: () throws -> R) throws(ImageError) -> R {
  do {
    return try body()
  } catch let error as ImageError {
    throw error
  } catch {
    let code = (error as? SystemCallError)?.code
    throw ImageError(code == ENOSPC || code == EDQUOT ? .noSpace : .inputOutput, what(), cause: error)
  }
}
