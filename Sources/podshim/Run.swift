import ShimCoreEmbedded

/// Starts and runs the pod's shim; returns the exit status.
func run(_ directory: String) -> Int32 {
  do throws(CallError) {
    try Shim.start(directory).run()
    return 0
  } catch {
    Shim.report(error)
    return 1
  }
}
