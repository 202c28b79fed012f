import LinuxSystem
public import RuntimeAPI
import ShimCore

extension PodRuntime {
  /// Streams of a container's own process, beside those that others have: output from now on, and input if the container was made with it.
  /// Letting go of them is no end for the container, but for `stdin_once`, which podshim keeps. Source: CRI Attach.
  public func openAttach(_ request: AttachRequest) async throws(RuntimeError) -> OpenedProcess {
    let (container, link, _) = try await running(request.container, for: "attach")
    let id = container.id.rawValue
    do {
      let streams = request.streams
      let (input, output, error) = (
        streams.stdin ? try Pipe() : nil, streams.stdout ? try Pipe(capacity: Pipe.streamCapacity) : nil,
        streams.stderr ? try Pipe(capacity: Pipe.streamCapacity) : nil
      )
      var descriptors: [SharedDescriptor] = []
      if let input { descriptors.append(input.readEnd) }
      if let output { descriptors.append(try output.writeEnd()) }
      if let error { descriptors.append(try error.writeEnd()) }
      let bits: UInt8 = (streams.stdin ? 1 : 0) | (streams.stdout ? 2 : 0) | (streams.stderr ? 4 : 0)
      _ = try await link.call(.attach(id: id, streams: bits), descriptors: descriptors)
      let hasTerminal = container.record.config.tty
      return OpenedProcess(
        input: try input?.writeEnd(), output: output?.readEnd, error: error?.readEnd,
        resize: { columns, rows in if hasTerminal { link.post(.resize(id: id, columns: columns, rows: rows)) } },
        // Who looks on is told that there is nothing more to see, not how it went.
        ended: { await container.exited.wait() ? .success(0) : nil })
    } catch {
      throw runtimeError(error, "attach to container \(container.record.config.metadata.name) failed")
    }
  }
}
