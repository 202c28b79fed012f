/// The command line of cri-bench.
struct Options {
  static let usage = """
    usage: cri-bench --endpoint unix:///PATH --image NAME [options]
      -n N                iterations that count (20)
      --warm-up N         iterations before that do not (2)
      --pause-only        sandboxes without a container
      --pods-keep N       pods that stay while measuring (0)
      --keep N            make N pods, wait for Enter, end of input or SIGTERM, remove them; measures nothing
      --host-network      pods in the host's network namespace
      --cgroup-parent P   cgroup parent of the pods ("")
      --log-directory D   directory of the container logs (none)
      --json FILE         results also as JSON
      --command ARG...    the container's command; takes the rest of the line (sleep 1000000)
    """

  var endpoint = ""
  var image = ""
  var iterations = 20
  var warmUp = 2
  var pauseOnly = false
  var podsKept = 0
  var keep: Int?
  var hostNetwork = false
  var cgroupParent = ""
  var logDirectory = ""
  var jsonFile: String?
  var command = ["sleep", "1000000"]

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
      case "--image": image = try value()
      case "-n": iterations = try number()
      case "--warm-up": warmUp = try number()
      case "--pause-only": pauseOnly = true
      case "--pods-keep": podsKept = try number()
      case "--keep": keep = try number()
      case "--host-network": hostNetwork = true
      case "--cgroup-parent": cgroupParent = try value()
      case "--log-directory": logDirectory = try value()
      case "--json": jsonFile = try value()
      case "--command":
        command = Array(rest)
        rest = []
      default: throw UsageError("unknown option \(option)")
      }
    }
    if endpoint.isEmpty { throw UsageError("--endpoint is missing") }
    if image.isEmpty, !pauseOnly { throw UsageError("--image is missing") }
    if iterations == 0, keep == nil { throw UsageError("-n: at least 1") }
  }
}

struct UsageError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
