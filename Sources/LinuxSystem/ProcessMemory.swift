import CLinux

/// How this process's heap behaves.
public enum ProcessMemory {
  /// One arena that grows in steps, and big blocks in mappings of their own, which go back to the kernel when they are freed: glibc would
  /// give each thread an arena, and keep blocks of a size once it has seen some. Before the first thread.
  public static func configure() { cl_configure_heap() }

  /// Gives back what is free now, and the pages of code that only the start needed. Takes milliseconds: after work that will not come again.
  public static func trim() { cl_trim_memory() }
}
