// The sealed program that parses image archives for the agent (libarchive, zlib, zstd, xz, bzip2), one process for each task:
//
//   unpacker decompress OFFSET SIZE    part of a file (descriptor 4) -> decompressed bytes into a socket (5)
//   unpacker decompress                a socket (4) to its end       -> the same
//   unpacker index                     uncompressed tar (4) -> names and places of its files
//   unpacker layer ENTRIES BYTES       uncompressed tar (4) -> files in a directory (5)
//
// Descriptors 4 and 5 come as SCM_RIGHTS of the first byte on descriptor 3, a socket; results go back there as `UnpackMessage`s.
import CLinux
import Glibc
import LinuxSystem
import UnpackProtocol
import Unpacking

_ = unsafe cl_set_name("unpacker")
let answers = AnswerSocket(descriptor: 3)
let task = Task(arguments: Array(CommandLine.arguments.dropFirst()))
do {
  let last = try task.run(answers)
  answers.send(last)
} catch let error as UnpackError {
  answers.send(.failed(error.failure, error.description))
} catch {
  answers.send(.failed(.inputOutput, "the unpacker cannot seal itself: \(error)"))
}
