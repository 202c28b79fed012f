import CLinux

/// How this process's heap behaves.
public enum ProcessMemory {
  /// Few arenas, and big blocks in mappings of their own, which go back to the kernel when they are freed: glibc would give each thread an
  /// arena, and keep blocks of a size once it has seen some. Before the first thread.
  public static func configure() { cl_configure_heap() }

  /// Gives back what is free now. Takes milliseconds: after work that will not come again, such as the start.
  public static func trim() { cl_trim_heap() }
}
