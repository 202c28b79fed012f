internal import KubeModel
internal import RuntimeAPI

/// What a worker knows of its pod and the runtime does not. Read tolerantly: a field that another version wrote differently costs itself.
struct PodFacts: Codable, Equatable, Sendable {
  struct RunFacts: Codable, Equatable, Sendable {
    var isStarted: Bool
    var isReady: Bool
  }
  /// A moment of `KubeletClock.now`.
  var startedAt: Int64 = 0
  /// CLOCK_REALTIME, as a status shows it.
  var startDate: Int64?
  var wasInitialized = false
  var isTornDown = false
  var termination: Termination?
  var backoffs: [String: CrashBackoff] = [:]
  var runs: [String: RunFacts] = [:]
  var messages: [String: String] = [:]
  var preStopStarted: [String] = []
  var restartingRuns: [String: ContainerInstance.RestartsWithAll] = [:]
  var podIPs: [String] = []
  var conditions: [PodCondition]?
  var phase: String?

  init() {}

  init(_ observed: Observed, status: PodStatus) {
    startedAt = observed.startedAt
    startDate = observed.startDate
    wasInitialized = observed.wasInitialized
    isTornDown = observed.isTornDown
    termination = observed.termination
    backoffs = observed.backoffs
    for run in observed.containers.values.joined() {
      if run.isLive { runs[run.id.rawValue] = RunFacts(isStarted: run.isStarted, isReady: run.isReady) }
      messages[run.id.rawValue] = run.terminationMessage
    }
    preStopStarted = observed.preStopStarted.map(\.rawValue).sorted()
    restartingRuns = Dictionary(uniqueKeysWithValues: observed.restartingRuns.map { ($0.key.rawValue, $0.value) })
    podIPs = observed.podIPs
    conditions = status.conditions
    phase = status.phase
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func read<T: Decodable>(_ key: CodingKeys, _ fallback: T) -> T { (try? fields.decode(T.self, forKey: key)) ?? fallback }
    startedAt = read(.startedAt, 0)
    startDate = read(.startDate, nil)
    wasInitialized = read(.wasInitialized, false)
    isTornDown = read(.isTornDown, false)
    termination = read(.termination, nil)
    backoffs = read(.backoffs, [:])
    runs = read(.runs, [:])
    messages = read(.messages, [:])
    preStopStarted = read(.preStopStarted, [])
    restartingRuns = read(.restartingRuns, [:])
    podIPs = read(.podIPs, [])
    conditions = read(.conditions, nil)
    phase = read(.phase, nil)
  }
}
