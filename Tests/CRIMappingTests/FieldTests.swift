import CRIMapping
import CRIProto
import Foundation
import RuntimeAPI
import SwiftProtobuf
import Testing

/// Each message of the interface description, with every field set, goes through the runtime's value and back. What does not come back is
/// listed here with its reason: a field that is new, or forgotten, is found.
@Suite("Every field of the CRI's messages") struct FieldTests {
  /// Not on Linux, and never made by a kubelet on Linux.
  private static func isWindows(_ path: String) -> Bool {
    path.split(separator: ".").contains { $0.lowercased().hasPrefix("windows") }
  }

  private func lost<M: Message>(_ type: M.Type, _ back: (M) throws -> M) throws -> [String] {
    let name = String(M.protoMessageName.split(separator: ".").last ?? "")
    let proto = try ProtoFile.cri()
    try #require(proto.messages[name]?.isEmpty == false, "no message \(name)")
    let filled = proto.filled(name)
    let message = try M(jsonUTF8Data: JSONSerialization.data(withJSONObject: filled))
    var options = JSONEncodingOptions()
    options.preserveProtoFieldNames = true
    let result = try JSONSerialization.jsonObject(with: back(message).jsonUTF8Data(options: options))
    return Self.differences(filled, result, "").filter { path in
      !Self.isWindows(path) && !Self.known.contains { path == $0 || path.hasSuffix(".\($0)") }
    }.sorted()
  }

  private static func differences(_ a: Any, _ b: Any?, _ path: String) -> [String] {
    switch (a, b) {
    case (let a as [String: Any], let b as [String: Any]):
      return a.flatMap { differences($1, b[$0], path.isEmpty ? $0 : "\(path).\($0)") }
    case (let a as [Any], let b as [Any]) where a.count == b.count:
      return zip(a, b).flatMap { differences($0, $1, path) }
    case (let a as NSObject, let b as NSObject): return a == b ? [] : [path]
    default: return [path]
    }
  }

  /// Read where the newer fields are absent; SELinux labels are refused before, with what they are.
  private static let known: Set<String> = [
    "apparmor_profile", "seccomp_profile_path", "selinux_options",
    // Not kept of an image; the moment of the same reading is its processors'.
    "spec", "io.timestamp", "process.timestamp",
  ]

  @Test("of the configurations of sandboxes and containers") func configurations() throws {
    let sandbox = try lost(Runtime_V1_PodSandboxConfig.self) {
      Runtime_V1_PodSandboxConfig(try SandboxConfig($0, field: "config"))
    }
    #expect(sandbox == [])
    let container = try lost(Runtime_V1_ContainerConfig.self) {
      Runtime_V1_ContainerConfig(try ContainerConfig($0, field: "config"))
    }
    #expect(container == [])
  }

  @Test("of statuses and summaries") func statuses() throws {
    let podSandbox = try lost(Runtime_V1_PodSandbox.self) { Runtime_V1_PodSandbox(try SandboxSummary($0)) }
    #expect(podSandbox == [])
    let podSandboxStatus = try lost(Runtime_V1_PodSandboxStatus.self) { Runtime_V1_PodSandboxStatus(try SandboxStatus($0)) }
    #expect(podSandboxStatus == [])
    let container = try lost(Runtime_V1_Container.self) { Runtime_V1_Container(try ContainerSummary($0)) }
    #expect(container == [])
    let containerStatus = try lost(Runtime_V1_ContainerStatus.self) {
      Runtime_V1_ContainerStatus(try ContainerStatus($0, sandboxID: SandboxID("s")))
    }
    #expect(containerStatus == [])
    let statusResponse = try lost(Runtime_V1_StatusResponse.self) { Runtime_V1_StatusResponse(RuntimeStatus($0)) }
    #expect(statusResponse == [])
    let containerEventResponse = try lost(Runtime_V1_ContainerEventResponse.self) {
      Runtime_V1_ContainerEventResponse(try RuntimeEvent($0))
    }
    #expect(containerEventResponse == [])
  }

  @Test("of filters") func filters() throws {
    let podSandboxFilter = try lost(Runtime_V1_PodSandboxFilter.self) { Runtime_V1_PodSandboxFilter(try SandboxFilter($0)) }
    #expect(podSandboxFilter == [])
    let containerFilter = try lost(Runtime_V1_ContainerFilter.self) { Runtime_V1_ContainerFilter(try ContainerFilter($0)) }
    #expect(containerFilter == [])
    let podSandboxStatsFilter = try lost(Runtime_V1_PodSandboxStatsFilter.self) {
      Runtime_V1_PodSandboxStatsFilter(SandboxFilter($0))
    }
    #expect(podSandboxStatsFilter == [])
    let containerStatsFilter = try lost(Runtime_V1_ContainerStatsFilter.self) {
      Runtime_V1_ContainerStatsFilter(ContainerFilter($0))
    }
    #expect(containerStatsFilter == [])
  }

  @Test("of images, resources and usage") func others() throws {
    let image = try lost(Runtime_V1_Image.self) { Runtime_V1_Image(ImageInfo($0)) }
    #expect(image == [])
    let authConfig = try lost(Runtime_V1_AuthConfig.self) { Runtime_V1_AuthConfig(RegistryAuth($0)) }
    #expect(authConfig == [])
    let linuxContainerResources = try lost(Runtime_V1_LinuxContainerResources.self) {
      Runtime_V1_LinuxContainerResources(LinuxResources($0))
    }
    #expect(linuxContainerResources == [])
    let imageFsInfoResponse = try lost(Runtime_V1_ImageFsInfoResponse.self) {
      Runtime_V1_ImageFsInfoResponse(ImageFilesystemInfo($0))
    }
    #expect(imageFsInfoResponse == [])
    let containerStats = try lost(Runtime_V1_ContainerStats.self) { Runtime_V1_ContainerStats(ContainerStats($0)) }
    #expect(containerStats == [])
    let metricDescriptor = try lost(Runtime_V1_MetricDescriptor.self) { Runtime_V1_MetricDescriptor(MetricDescriptor($0)) }
    #expect(metricDescriptor == [])
    let podSandboxMetrics = try lost(Runtime_V1_PodSandboxMetrics.self) { Runtime_V1_PodSandboxMetrics(try SandboxMetrics($0)) }
    #expect(podSandboxMetrics == [])
    let podSandboxStats = try lost(Runtime_V1_PodSandboxStats.self) { Runtime_V1_PodSandboxStats(SandboxStats($0)) }
    #expect(podSandboxStats == [])
  }
}
