import Glibc

/// Tries until `condition` holds; false after `seconds`, which is long, as the machine may be busy.
package func eventually(_ seconds: Double = 60, _ condition: () async throws -> Bool) async rethrows -> Bool {
  let end = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
  while try await !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}

/// The same for tests of blocking code.
@available(*, noasync)
package func eventuallyBlocking(_ seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + .milliseconds(Int64(seconds * 1000))
  while try !condition() {
    if ContinuousClock.now > end { return false }
    usleep(5000)
  }
  return true
}
