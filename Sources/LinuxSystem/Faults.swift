/// Fault injection: a task-local plan in debug builds, nothing in release builds.
public enum Faults {
  #if DEBUG
    @TaskLocal public static var plan: FaultPlan?
  #endif

  /// Throws when the plan says that this step fails at this moment.
  @inlinable
  public static func check(_ point: FaultPoint, _ moment: FaultMoment = .before) throws(SystemCallError) {
    #if DEBUG
      try plan?.check(point, moment)
    #endif
  }

  /// Throws when the plan says that this step of taking back fails.
  @inlinable
  static public func checkUndo(_ what: String) throws(SystemCallError) {
    #if DEBUG
      try plan?.checkUndo(what)
    #endif
  }

  /// What becomes of a call to podshim.
  @inlinable
  public static func call(_ word: String) -> CallFault? {
    #if DEBUG
      return plan?.call(word)
    #else
      return nil
    #endif
  }
}
