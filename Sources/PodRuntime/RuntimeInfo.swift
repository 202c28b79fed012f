import Cgroups
import LinuxSystem
import Logging
import PodNetwork
public import RuntimeAPI

extension PodRuntime {
  /// Source: CRI Version; `version` of the kubelet's runtime API is added by the service.
  public func version() async throws(RuntimeError) -> RuntimeVersion {
    RuntimeVersion(runtimeName: Self.runtimeName, runtimeVersion: version, apiVersion: "v1")
  }

  /// cgroupfs: no systemd call for each container.
  public func cgroupDriver() async throws(RuntimeError) -> CgroupDriver { .cgroupfs }

  /// New sandboxes get addresses of it. The same value again, or none, changes nothing.
  public func updateRuntimeConfig(podCIDR: String) async throws(RuntimeError) {
    guard !podCIDR.isEmpty else { return }
    // The bridge keeps its own as long as plugins are in charge: it may not even be there.
    let isOfPlugins = await cni?.isInCharge() == true
    let old = network?.podCIDR ?? ""
    do throws(PodNetworkError) {
      try cni?.setPodCIDR(podCIDR)
      guard let network, !isOfPlugins, podCIDR != old else { return }
      try await network.setPodCIDR(podCIDR)
    } catch {
      throw RuntimeError(error.code == .invalidSettings ? .invalidArgument : .unknown, "\(error)")
    }
    logger.notice("Pod CIDR changed", metadata: ["podCIDR": "\(network?.podCIDR ?? "")", "before": "\(old)"])
  }

  public func status(verbose: Bool) async throws(RuntimeError) -> RuntimeStatus {
    let conditions = [RuntimeCondition(type: "RuntimeReady", status: true), await networkCondition()]
    // Every root and /proc is made with mount_setattr(2), which has AT_RECURSIVE from the start (Linux 5.12): where a container can be made
    // at all, so can this.
    let hasUserNamespaces = await userNamespaces.obstacle() == nil
    let handlers = ["", Self.runtimeName].map {
      RuntimeHandlerInfo(name: $0, recursiveReadOnlyMounts: true, userNamespaces: hasUserNamespaces)
    }
    return RuntimeStatus(
      conditions: conditions, handlers: handlers, supplementalGroupsPolicy: true, userNamespacesHostNetwork: hasUserNamespaces,
      info: verbose ? await verboseInfo() : [:])
  }

  private func networkCondition() async -> RuntimeCondition {
    if let cni, await cni.isInCharge() {
      do {
        try await cni.check()
        return RuntimeCondition(type: "NetworkReady", status: true)
      } catch {
        // Reason and words are containerd's: tools look for them.
        return RuntimeCondition(
          type: "NetworkReady", status: false, reason: "NetworkPluginNotReady", message: "Network plugin returns error: \(error)")
      }
    }
    guard let network else {
      return RuntimeCondition(
        type: "NetworkReady", status: false, reason: "NetworkOff", message: "pod networking is off: only hostNetwork pods can run")
    }
    do {
      // On a thread that may block: the kernel's routing lock may be taken.
      try await network.check()
      return RuntimeCondition(
        type: "NetworkReady", status: true,
        message: "pods get addresses of \(network.podCIDR)" + (network.note.map { "; " + $0 } ?? ""))
    } catch {
      return RuntimeCondition(type: "NetworkReady", status: false, reason: "BridgeNotReady", message: "\(error)")
    }
  }

  private struct ConfigInfo: Encodable {
    let rootDir: String
    let stateDir: String
    let cgroupRoot: String
    let bridge: String
    let podCIDR: String
    let cgroupControllers: [String]
    let controllersOnlyInV1: [String]
    let overlayByFsopen: Bool
  }

  private func verboseInfo() async -> [String: String] {
    var info = [
      "config": jsonText(
        ConfigInfo(
          rootDir: settings.rootDirectory, stateDir: settings.stateDirectory, cgroupRoot: settings.cgroupRoot,
          bridge: network?.settings.bridgeName ?? "", podCIDR: network?.podCIDR ?? "",
          cgroupControllers: cgroups.controllers.map { "\($0)" }.sorted(),
          controllersOnlyInV1: cgroups.controllersOnlyInV1.map { "\($0)" }.sorted(), overlayByFsopen: kernel.overlayLayersByFsconfig
        )),
      "version": version,
    ]
    if let cni { (info["cniconfig"], info["lastCNILoadStatus"]) = await runBlocking(.manifests) { cni.configurationText() } }
    return info
  }
}
