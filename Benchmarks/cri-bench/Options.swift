import CRIWork

/// The command line of cri-bench.
struct Options {
  static let usage = """
    usage: cri-bench --endpoint unix:///PATH --image NAME --directory DIR [options]
           cri-bench --static-pods N --port PORT --image NAME --directory DIR [options]
      -n N                iterations that count (20)
      --directory D       where volumes and logs of the pods go; with --static-pods, D/manifests is the agent's manifest directory
      --warm-up N         iterations before that do not (2)
      --pause-only        sandboxes without a container
      --pods-keep N       pods that stay while measuring (0)
      --keep N            make N pods, wait for Enter or end of input, remove them; measures nothing
      --static-pods N     manifests instead of CRI calls: one pod -n times, then N at once
      --port PORT         the agent's read-only port, with --static-pods
      --hold              with --static-pods: wait for Enter or end of input before the pods are removed
      --host-network      pods in the host's network namespace
      --cgroup-parent P   cgroup parent of the pods ("")
      --command ARG...    the container's command; takes the rest of the line (sleep 1000000)
    """

  var endpoint = ""
  var work = Workload()
  var iterations = 20
  var warmUp = 2
  var podsKept = 0
  var keep: Int?
  var staticPods: Int?
  var port = 0
  var holds = false

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      func value() throws(UsageError) -> String {
        guard let text = rest.popFirst() else { throw UsageError("\(option) needs a value") }
        return text
      }
      func number() throws(UsageError) -> Int {
        let text = try value()
        guard let number = Int(text), number >= 0 else { throw UsageError("\(option): \(text) is no number") }
        return number
      }
      switch option {
      case "--endpoint": endpoint = try value()
      case "--image": work.image = try value()
      case "--directory": work.directory = try value()
      case "-n": iterations = try number()
      case "--warm-up": warmUp = try number()
      case "--pause-only": work.pauseOnly = true
      case "--pods-keep": podsKept = try number()
      case "--keep": keep = try number()
      case "--static-pods": staticPods = try number()
      case "--port": port = try number()
      case "--hold": holds = true
      case "--host-network": work.hostNetwork = true
      case "--cgroup-parent": work.cgroupParent = try value()
      case "--command":
        work.command = Array(rest)
        rest = []
      default: throw UsageError("unknown option \(option)")
      }
    }
    if staticPods == nil, endpoint.isEmpty { throw UsageError("--endpoint is missing") }
    if staticPods != nil, UInt16(exactly: port) == nil || port == 0 { throw UsageError("--port: 1 to 65535") }
    if work.directory.isEmpty { throw UsageError("--directory is missing") }
    if work.image.isEmpty, !work.pauseOnly { throw UsageError("--image is missing") }
    if iterations == 0, keep == nil, staticPods == nil { throw UsageError("-n: at least 1") }
  }
}

struct UsageError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
