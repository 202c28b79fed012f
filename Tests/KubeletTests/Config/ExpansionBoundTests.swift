import KubeModel
import Testing

@testable import Kubelet

@Suite("Bounds of expansion") struct ExpansionBoundTests {
  func variables(_ env: [EnvVar]) throws -> Int {
    var container = Container.test("app")
    container.env = env
    return try Environment.variables(container, in: .test([container]), podIPs: [], node: TestNode.facts).count
  }

  @Test("variables that grow tenfold are refused with their path", .timeLimit(.minutes(5))) func growth() {
    var env = [EnvVar(name: "V0", value: "0123456789")]
    for level in 1...12 { env.append(EnvVar(name: "V\(level)", value: String(repeating: "$(V\(level - 1))", count: 10))) }
    let error = #expect(throws: KubeletError.self) { try variables(env) }
    #expect(error?.message.hasPrefix("spec.containers{app}.env[5].value: ") == true)
    #expect(error?.reason == "CreateContainerConfigError")
  }

  @Test(
    "one value has at most 32 pages, all together 2 MiB",
    arguments: [(1, 131_069, true), (1, 131_070, false), (16, 131_000, true), (17, 131_000, false)])
  func sizes(count: Int, length: Int, isAccepted: Bool) throws {
    let env = (0..<count).map {
      EnvVar(name: String(Character(UnicodeScalar(UInt8(65 + $0)))), value: String(repeating: "v", count: length))
    }
    if isAccepted {
      #expect(try variables(env) == count)
    } else {
      #expect(throws: KubeletError.self) { try variables(env) }
    }
  }

  @Test("arguments are bounded too") func arguments() {
    var container = Container.test("app")
    container.env = [EnvVar(name: "A", value: String(repeating: "a", count: 100_000))]
    container.args = Array(repeating: "$(A)", count: 30)
    let pod = Pod.test([container])
    let builder = ConfigBuilder(
      pod: pod, paths: PodPaths(root: "/r", logs: "/l", uid: PodUID("u"), namespace: "n", name: "p"),
      node: TestNode.facts, cgroupParent: "")
    let error = #expect(throws: KubeletError.self) {
      let environment = try Environment.variables(container, in: pod, podIPs: [], node: TestNode.facts)
      return try builder.container(container, attempt: 0, image: "i", environment: environment, mounts: [])
    }
    #expect(error?.message.hasPrefix("spec.containers{app}.args[19]") == true)
  }
}
