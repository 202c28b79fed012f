import ShimCoreEmbedded

/// `podshim <directory>`: one per pod, started by the agent. Embedded Swift has no `CommandLine`, so this is C's main (SwiftPM links an
/// executable's `<target>_main` as `main`). The run is in a file of its own: a lone source file would be compiled as a script.
@c(podshim_main)
public func podshimMain(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
  Shim.becomePrivate(count, arguments)
  guard count == 2, let directory = arguments[1] else { return 2 }
  return run(String(cString: directory))
}
