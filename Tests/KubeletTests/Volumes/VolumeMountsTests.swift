import KubeModel
import LinuxSystem
import RuntimeAPI
import Store
import Testing

@testable import Kubelet

@Suite("Mounts of a container") struct VolumeMountsTests {
  let paths = PodPaths(root: "/r", logs: "/l", uid: PodUID("u1"), namespace: "default", name: "p")

  private func mounts(
    _ mount: VolumeMount, environment: [String: String] = [:]
  ) throws -> (mounts: [RuntimeAPI.Mount], subPaths: [SubPath]) {
    var container = Container.test("app")
    container.volumeMounts = [mount]
    let volumes: [String: any PodVolume] = ["v": HostPathVolume(path: "/host", type: "")]
    return try VolumeMounts.mounts(container, volumes: volumes, environment: environment, paths: paths)
  }

  @Test("subPathExpr takes its values from the container's environment") func expression() throws {
    let mount = VolumeMount(mountPath: "/v", name: "v", subPathExpr: "logs/$(POD)-$(N)")
    let (found, parts) = try mounts(mount, environment: ["POD": "web", "N": "1"])
    #expect(parts == [SubPath(root: "/host", path: "logs/web-1", target: "/r/pods/u1/volume-subpaths/v/app/0")])
    #expect(found.map(\.hostPath) == ["/r/pods/u1/volume-subpaths/v/app/0"])
  }

  @Test(
    "subPathExpr without its value, or that leads elsewhere, does not start the container",
    arguments: [
      ("$(NONE)", "missing value for"), ("a/$(UP)", "must be relative and must not contain '..'"),
      ("$(ROOT)", "must be relative and must not contain '..'"),
    ])
  func refused(expression: String, words: String) {
    let mount = VolumeMount(mountPath: "/v", name: "v", subPathExpr: expression)
    let error = #expect(throws: KubeletError.self) { try mounts(mount, environment: ["UP": "../x", "ROOT": "/etc"]) }
    #expect(error?.reason == "CreateContainerConfigError" && error?.message.contains(words) == true)
  }

  @Test("a value may be anything that is no reference, and an empty one mounts the volume itself") func plain() throws {
    let (found, parts) = try mounts(VolumeMount(mountPath: "/v", name: "v", subPathExpr: "$(E)"), environment: ["E": ""])
    #expect(parts.isEmpty && found.map(\.hostPath) == ["/host"])
    #expect(try mounts(VolumeMount(mountPath: "v", name: "v", subPathExpr: "$$(E)x")).subPaths.isEmpty == false)
  }

  @Test("an image is mounted by its name and a part of it by the runtime, read-only whatever the mount says") func image() throws {
    var container = Container.test("app")
    container.volumeMounts = [VolumeMount(mountPath: "/v", name: "v", readOnly: false, subPathExpr: "$(A)/b")]
    let volumes: [String: any PodVolume] = ["v": ImageVolume(reference: "host/name:1", pullPolicy: "Always")]
    let (found, parts) = try VolumeMounts.mounts(container, volumes: volumes, environment: ["A": "a"], paths: paths)
    let image = ImageSpec(image: "host/name:1", userSpecifiedImage: "host/name:1")
    #expect(parts.isEmpty && found == [RuntimeAPI.Mount(containerPath: "/v", readOnly: true, image: image, imageSubPath: "a/b")])
  }

  @Test("a volume that the pod does not have is named") func unknown() {
    let error = #expect(throws: KubeletError.self) { try mounts(VolumeMount(mountPath: "/v", name: "w")) }
    #expect(error?.message == "container app mounts volume w, which the pod does not have")
  }
}
