extension CgroupResources {
  /// memory.max, memory.swap.max, memory.low. Source: cgroup-v2.rst, "Memory Interface Files".
  func memorySettings() throws(CgroupError) -> [Setting] {
    var result: [Setting] = []
    if let swap = try swapOnly() {
      // Kernels without swap accounting have no such file, and then nothing can be swapped out of the group's account.
      result.append(Setting(.memory, "memory.swap.max", Setting.limit(swap), swap < 0 ? .weight : .limit, optionalFile: swap <= 0))
    }
    if let memoryLimit, memoryLimit != 0 {
      result.append(Setting(.memory, "memory.max", Setting.limit(memoryLimit), memoryLimit < 0 ? .weight : .limit))
    }
    if let memoryReservation, memoryReservation != 0 {
      result.append(Setting(.memory, "memory.low", Setting.limit(memoryReservation), .weight))
    }
    return result
  }

  /// OCI counts memory and swap together, the kernel swap alone. Negative: unlimited; nil: nothing to write.
  /// Source: opencontainers/cgroups, ConvertMemorySwapToCgroupV2Value.
  private func swapOnly() throws(CgroupError) -> Int64? {
    guard let memorySwap, memorySwap != 0 else { return nil }
    if memorySwap < 0 { return -1 }
    guard let memoryLimit, memoryLimit != 0 else {
      throw CgroupError(.invalidArgument, "a limit of memory and swap (\(memorySwap)) needs a memory limit")
    }
    if memoryLimit < 0 { return memorySwap }
    guard memorySwap >= memoryLimit else {
      throw CgroupError(.invalidArgument, "the limit of memory and swap (\(memorySwap)) is below the memory limit (\(memoryLimit))")
    }
    return memorySwap - memoryLimit
  }
}
