import Foundation
import Testing

@testable import OCISpec

/// The documents of image-spec, as its pages show them.
@Suite("Documents of images") struct ImageSpecTests {
  private func read<T: Codable & Equatable>(_ type: T.Type, _ text: String) throws -> T {
    let value = try JSONDecoder().decode(type, from: Data(text.utf8))
    // What was read is written under the same names.
    #expect(try JSONDecoder().decode(type, from: JSONEncoder().encode(value)) == value)
    return value
  }

  @Test("a configuration has the names of its page, capitals where it has them") func config() throws {
    let config = try read(
      ImageConfig.self,
      """
      {"created": "2015-10-31T22:22:56.015925234Z", "author": "Alyssa", "architecture": "arm64", "os": "linux", "variant": "v8",
       "os.version": "1", "os.features": ["a"],
       "config": {"User": "alice", "ExposedPorts": {"8080/tcp": {}}, "Env": ["PATH=/bin", "FOO=a=b"], "Entrypoint": ["/bin/app"],
         "Cmd": ["--foreground"], "Volumes": {"/var/job": {}}, "WorkingDir": "/home/alice", "Labels": {"a.b": "c"}, "StopSignal": "SIGUSR1",
         "ArgsEscaped": true, "OnBuild": ["unknown"]},
       "rootfs": {"diff_ids": ["sha256:c6f9", "sha256:5f70"], "type": "layers"},
       "history": [{"created": "2015-10-31T22:22:54Z", "created_by": "/bin/sh", "empty_layer": true, "comment": "c"}]}
      """)
    #expect(config.platform == Platform(architecture: "arm64", os: "linux", variant: "v8", osVersion: "1", osFeatures: ["a"]))
    let execution = try #require(config.config)
    #expect(execution.user == "alice" && execution.env == ["PATH=/bin", "FOO=a=b"] && execution.entrypoint == ["/bin/app"])
    #expect(execution.cmd == ["--foreground"] && execution.workingDir == "/home/alice" && execution.stopSignal == "SIGUSR1")
    #expect(execution.exposedPorts?.keys.sorted() == ["8080/tcp"] && execution.volumes?.keys.sorted() == ["/var/job"])
    #expect(config.rootfs.diffIDs == ["sha256:c6f9", "sha256:5f70"])
    #expect(config.history?.first?.createdBy == "/bin/sh" && config.history?.first?.emptyLayer == true)
  }

  @Test("a configuration may leave out all but platform and layers") func least() throws {
    let config = try read(ImageConfig.self, #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#)
    #expect(config.config == nil && config.history == nil)
    #expect(throws: DecodingError.self) { try read(ImageConfig.self, #"{"architecture":"amd64","os":"linux"}"#) }
  }

  @Test("manifests, indices, and what docker save writes") func manifests() throws {
    let layer =
      #"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:9834","size":32654,"annotations":{"a":"b"}}"#
    let manifest = try read(
      ImageManifest.self,
      """
      {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
       "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:b5b2", "size": 7023}, "layers": [\(layer)]}
      """)
    #expect(manifest.mediaType == .ociManifest && manifest.config.size == 7023)
    #expect(manifest.layers.map(\.digest) == ["sha256:9834"] && manifest.layers.first?.annotations == ["a": "b"])
    let index = try read(
      ImageIndex.self,
      """
      {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:e692", "size": 7143,
         "platform": {"architecture": "ppc64le", "os": "linux"}}]}
      """)
    #expect(index.mediaType == .ociIndex && index.manifests.first?.platform?.architecture == "ppc64le")
    let archive = try read(
      DockerArchiveManifest.self, #"{"Config":"a.json","RepoTags":["busybox:latest"],"Layers":["l/layer.tar"]}"#)
    #expect(archive.config == "a.json" && archive.repoTags == ["busybox:latest"] && archive.layers == ["l/layer.tar"])
    #expect(try read(ImageLayout.self, #"{"imageLayoutVersion":"1.0.0"}"#).imageLayoutVersion == "1.0.0")
  }

  @Test(
    "an image runs on its own platform, and on one that can do as much",
    arguments: [
      ("amd64", nil, "amd64", nil, true), ("amd64", "v1", "amd64", nil, true), ("amd64", "v3", "amd64", nil, false),
      ("amd64", "v3", "amd64", "v3", true), ("arm64", nil, "arm64", "v8", true), ("arm64", "v8", "arm64", nil, true),
      ("arm64", "v9", "arm64", "v8", false), ("arm64", nil, "amd64", nil, false),
    ] as [(String, String?, String, String?, Bool)])
  func platforms(_ image: String, _ imageVariant: String?, _ host: String, _ hostVariant: String?, _ runs: Bool) {
    let (image, host) = (
      Platform(architecture: image, variant: imageVariant), Platform(architecture: host, variant: hostVariant)
    )
    #expect(image.runs(on: host) == runs)
    #expect(!Platform(architecture: host.architecture, os: "windows").runs(on: host))
  }
}
