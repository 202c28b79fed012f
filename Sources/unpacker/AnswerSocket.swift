import CLinux
import Glibc
import LinuxSystem
import UnpackProtocol

/// The agent's end of the conversation: descriptors come first, then answers go back.
struct AnswerSocket {
  let descriptor: CInt

  /// The descriptors of the task, as numbers from 4 on.
  func receive(count: Int) throws(SystemCallError) {
    var numbers = [Int32](repeating: -1, count: Int(CL_MAX_DESCRIPTORS))
    var received: Int32 = 0
    var byte: UInt8 = 0
    let length = try kernelCall("recvmsg", on: "agent") {
      unsafe cl_receive_descriptors(descriptor, &byte, 1, &numbers, &received)
    }
    guard length == 1, Int(received) == count else { throw SystemCallError(call: "recvmsg", subject: "agent", code: EPROTO) }
    for (index, number) in numbers[..<count].enumerated() where number != Int32(4 + index) {
      throw SystemCallError(call: "recvmsg", subject: "descriptor \(number)", code: EPROTO)
    }
  }

  /// Whoever does not read the answers is gone: this process too (SIGPIPE).
  func send(_ message: UnpackMessage) {
    let frame = message.frame
    var rest = frame[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { exit(1) }
      rest = rest.dropFirst(count)
    }
  }
}
