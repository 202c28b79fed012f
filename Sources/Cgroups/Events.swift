import LinuxSystem

extension Cgroup {
  /// Blocks until cgroup.events says `key value`, or the cgroup is gone.
  /// - Throws: `timedOut` after `timeout`.
  func wait(for key: Substring, toBe value: UInt64, timeout: Duration) throws(CgroupError) {
    let deadline = ContinuousClock.now + timeout
    do throws(SystemCallError) {
      let events = try EventFile(file("cgroup.events"))
      while FlatKeys(try events.read())[key] != value {
        let left = deadline - ContinuousClock.now
        if left <= .zero {
          throw SystemCallError(call: "poll", subject: file("cgroup.events"), code: Self.timeoutCode)
        }
        // A missed notification costs at most a second.
        try events.waitForChange(milliseconds: Int32(min(left, .seconds(1)) / .milliseconds(1)))
      }
    } catch  where error.isGone {
      return
    } catch  where error.code == Self.timeoutCode {
      throw CgroupError(.timedOut, "cgroup \(path) did not reach \"\(key) \(value)\" within \(timeout)", cause: error)
    } catch {
      throw CgroupError(.system, "wait for the state of cgroup \(path)", cause: error)
    }
  }
}
