import CLinux

/// A descriptor with one owner; closed when the owner goes.
@frozen
public struct Descriptor: ~Copyable {
  /// For lending to a system call within the owner's lifetime.
  public let raw: Int32
  public init(adopting raw: Int32) { self.raw = raw }
  deinit { _ = cl_close(raw) }

  /// Gives the number away; the caller closes it.
  public consuming func release() -> Int32 {
    let number = raw
    discard self
    return number
  }
}

/// Descriptors that arrived with a message; those not taken are closed with it.
public final class DescriptorList {
  private var numbers: [Int32]
  public init(_ numbers: [Int32]) { self.numbers = numbers }
  deinit { for number in numbers where number >= 0 { _ = cl_close(number) } }

  public var count: Int { numbers.count }
  /// Lends slot `index`; nil when there is none.
  public func raw(_ index: Int) -> Int32? {
    index >= 0 && index < numbers.count && numbers[index] >= 0 ? numbers[index] : nil
  }
  /// Moves slot `index` out.
  public func take(_ index: Int) -> Descriptor? {
    guard let number = raw(index) else { return nil }
    numbers[index] = -1
    return Descriptor(adopting: number)
  }
}
