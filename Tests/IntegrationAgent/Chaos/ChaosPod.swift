/// A pod that writes down what happens to it, in a directory of the host that outlives it.
struct ChaosPod {
  enum Kind {
    /// Runs to its end once, with an exit code of its own and numbered lines.
    case job
    /// Runs for ever, started again whenever it ends.
    case service
  }
  let name: String
  /// Differs each time a pod of that name is made: another pod.
  let generation: Int
  let kind: Kind
  /// Exit code of a job.
  let code: Int
  static let lines = 40
  var uid: String { "\(name)-\(generation)" }

  func manifest(ledger: String) -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: { name: \(name), uid: \(uid) }
    spec:
      restartPolicy: \(kind == .job ? "Never" : "Always")
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: localhost/payload:latest
          imagePullPolicy: Never
          # Holds a lock while it runs: a second run beside the first says so.
          args: [storm, /ledger, \(name), "\(kind == .job ? Self.lines : 0)", "\(code)"]
          volumeMounts: [{ name: ledger, mountPath: /ledger }, { name: data, mountPath: /data }]
      volumes: [{ name: ledger, hostPath: { path: \(ledger), type: Directory } }, { name: data, emptyDir: {} }]
    """
  }
}
