import LinuxSystem

/// Lends the numbers of several shared descriptors at once.
func withRawDescriptors<R>(
  _ descriptors: [SharedDescriptor], _ body: ([CInt]) throws(SystemCallError) -> R
) throws(SystemCallError) -> R {
  func lend(_ index: Int, _ raws: [CInt]) throws(SystemCallError) -> R {
    guard index < descriptors.count else { return try body(raws) }
    return try descriptors[index].withRaw { raw throws(SystemCallError) in try lend(index + 1, raws + [raw]) }
  }
  return try lend(0, [])
}
