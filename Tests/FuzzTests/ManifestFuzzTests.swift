import CNI
import Glibc
import Images
import KubeModel
import TestSupport
import Testing

/// What people and programs write: a damaged text is an error with a place, never the end of the process, and takes bounded time.
@Suite("Fuzz: texts") struct ManifestFuzzTests {
  @Test("manifests") func manifests() async throws {
    let corpus = [
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: web, labels: {app: web}, annotations: {"a/b": "c"}}
      spec:
        terminationGracePeriodSeconds: 30
        initContainers: [{name: i, image: "localhost/busybox:1", command: [sh, -c, "true"]}]
        containers:
          - name: web
            image: localhost/web:latest
            env: [{name: A, value: "$(B)"}, {name: N, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
            ports: [{containerPort: 80, hostPort: 8080, protocol: TCP}]
            resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 1e9}}
            livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 5}
            volumeMounts: [{name: v, mountPath: /v, subPath: a/b}]
            securityContext: {runAsUser: 1000, capabilities: {drop: [ALL]}}
        volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}, {name: h, hostPath: {path: /etc, type: Directory}}]
      """,
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"},"spec":{"containers":[{"name":"c","image":"i","args":["a"]}]}}"#,
      "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: one}\n  spec: {containers: [{name: c, image: i}]}\n- *a\n---\n",
    ]
    let tokens = [
      "---\n", "...\n", "&a ", "*a", "<<: ", "!!binary ", "\t", "|\n", ">-\n", "{", "[", "\u{feff}", "1e99", "-0x1", "~",
    ]
    try await Fuzzer("manifests", corpus: corpus.map { Array($0.utf8) }, tokens: tokens).run(rounds: 60) { bytes, repetition in
      let start = Self.processorSeconds()
      let results = ManifestDecoder.decode(bytes, file: "f")
      #expect(results.count <= bytes.count + 1, "\(repetition)")
      #expect(Self.processorSeconds() - start < 20, "\(repetition)")
    }
  }

  @Test("configurations of CNI and the results in their records") func networks() async throws {
    let corpus = [
      #"{"cniVersion":"1.0.0","cniVersions":["1.1.0"],"name":"n","disableGC":"true","plugins":[{"type":"bridge","mtu":-1.5e3,"capabilities":{"dns":true}}]}"#,
      #"{"kind":"x","a":[{"interfaces":[{"name":"eth0","sandbox":"/x"}],"ips":[{"interface":0,"address":"10.1.0.2/16"}]},"\u00e9\ud83d\ude00",null]}"#,
    ]
    try await Fuzzer("networks", corpus: corpus.map { Array($0.utf8) }, tokens: ["[", "{", "\\u", "\"", "1e"]).run(rounds: 60) {
      bytes, _ in
      guard let configuration = try? CNIConfiguration(bytes, isList: true) else { return }
      _ = try? CNIResult(configuration.source, interface: "eth0")
      // What was read is written and read again as the same.
      let again = try? CNIConfiguration(Array(configuration.source.text.utf8), isList: true)
      #expect(again == configuration)
    }
  }

  /// Of this thread: a busy machine makes no input slow.
  private static func processorSeconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec
  }

  @Test("the kubelet's configuration") func configuration() async throws {
    let corpus = [
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 110\nsyncFrequency: 1m0s\nclusterDNS: [10.0.0.10]\n"
    ]
    try await Fuzzer("configuration", corpus: corpus.map { Array($0.utf8) }).run(rounds: 60) { bytes, _ in
      _ = try? KubeletConfiguration.decode(bytes, file: "f")
    }
  }

  @Test("quantities: what is read is written and read again as the same") func quantities() async throws {
    let corpus = ["100m", "1.5Gi", "1e3", "-5", "9223372036854775807", "0.000000001", "+1E", "8Ei"]
    let tokens = ["e", "E", "Ki", "Ei", "n", "u", ".", "-", "999999999999"]
    try await Fuzzer("quantities", corpus: corpus.map { Array($0.utf8) }, tokens: tokens).run(rounds: 1500) { bytes, repetition in
      let text = String(decoding: bytes, as: UTF8.self)
      guard let quantity = Quantity(text) else { return }
      #expect(Quantity("\(quantity)") == quantity, "\(repetition): \(text)")
    }
  }

  @Test("times, durations, image references") func values() async throws {
    let corpus = ["2024-02-29T23:59:60.5Z", "1h2m3.5s", "localhost:5000/a/b:tag@sha256:" + String(repeating: "a", count: 64)]
    try await Fuzzer("values", corpus: corpus.map { Array($0.utf8) }, tokens: [":", "@", "/", "T", "Z", "h", "-"])
      .run(rounds: 1000) { bytes, _ in
        let text = String(decoding: bytes, as: UTF8.self)
        _ = (Time(text), KubeDuration(text), try? ImageReference(text))
      }
  }
}
