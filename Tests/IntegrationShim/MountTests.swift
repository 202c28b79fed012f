import Foundation
import Glibc
import LinuxSystem
import ShimCore
import Testing

extension ShimSuite {
  @Suite("Root file systems and mounts", .timeLimit(.minutes(5)))
  struct MountTests {
    @Test("An overlay joins layers; writes stay in its upper directory", arguments: [true, false])
    func overlay(_ byConfiguration: Bool) throws {
      try TestPod.with { pod in
        for name in ["top", "upper", "work"] { try ShimFiles.makeDirectory("\(pod.scratch)/\(name)") }
        try ShimFiles.write("top\n", "\(pod.scratch)/top/layer")
        try ShimFiles.write("bottom\n", "\(pod.root)/layer")
        let (upper, work) = ("\(pod.scratch)/upper", "\(pod.scratch)/work")
        let operation: SetupOperation =
          byConfiguration
          ? .overlayRoot(layers: ["\(pod.scratch)/top", pod.root], upper: upper, work: work, at: pod.mountPoint)
          : .overlayRootByMount(base: pod.scratch, layers: ["top", "root"], upper: upper, work: work, at: pod.mountPoint)
        #expect(try pod.shell("cat /layer; echo new > /made; echo changed > /layer") { $0.root = .operation(operation) } == "top")
        #expect(ShimFiles.text("\(upper)/made") == "new\n")
        #expect(ShimFiles.text("\(upper)/layer") == "changed\n")
        #expect(ShimFiles.text("\(pod.scratch)/top/layer") == "top\n")
        #expect(!ShimFiles.exists("\(pod.mountPoint)/bin"))
      }
    }

    @Test("A read-only root still has writable mounts on it")
    func readOnlyRoot() throws {
      try TestPod.with { pod in
        let text = try pod.shell("echo x > /file || echo refused; echo y > /dev/file && cat /dev/file") {
          $0.mounts = [.readOnlyRoot]
        }
        #expect(text.hasSuffix("refused\ny"))
        #expect(!ShimFiles.exists("\(pod.root)/file"))
      }
    }

    @Test("Volumes: files and directories, targets made, parts of a volume, read-only")
    func binds() throws {
      try TestPod.with { pod in
        let volume = "\(pod.scratch)/volume"
        try ShimFiles.makeDirectory("\(volume)/sub/deeper")
        try ShimFiles.write("content\n", "\(volume)/sub/file")
        let script = """
          cat /data/sub/file /mnt/deep/target/file /mnt/one
          echo w > /data/written
          echo w > /ro/x || echo refused
          """
        let text = try pod.shell(script) {
          $0.mounts = [
            .bind(BindMount(source: volume, target: "/data")),
            .bind(BindMount(source: volume, subPath: "sub", target: "/mnt/deep/target")),
            .bind(BindMount(source: "\(volume)/sub/file", target: "/mnt/one", recursive: false)),
            .bind(BindMount(source: volume, target: "/ro", attributesSet: 1)),
          ]
        }
        #expect(text.contains("content\ncontent\ncontent\n"))
        #expect(text.hasSuffix("refused"))
        #expect(ShimFiles.text("\(volume)/written") == "w\n")
        #expect(ShimFiles.exists("\(pod.root)/mnt/deep/target"))
        #expect(ShimFiles.text("\(pod.root)/mnt/one").isEmpty)
      }
    }

    @Test("Recursive read-only covers mounts below the volume; plain read-only does not", arguments: [true, false])
    func recursiveReadOnly(_ recursive: Bool) throws {
      try TestPod.with { pod in
        // /data gets a tmpfs below it first; binding it again takes both.
        let text = try pod.shell("echo x > /again/below/file && echo written || echo refused") {
          $0.mounts = [
            .fileSystem(type: "tmpfs", source: "", target: "/tmp/data", attributes: 0, options: []),
            .fileSystem(type: "tmpfs", source: "", target: "/tmp/data/below", attributes: 0, options: []),
            .bind(
              BindMount(source: "\(pod.mountPoint)/tmp/data", target: "/again", attributesSet: 1, attributesRecursive: recursive)),
          ]
        }
        #expect(text.hasSuffix(recursive ? "refused" : "written"))
      }
    }

    @Test("A detached mount passed as a descriptor is attached as it is")
    func slot() throws {
      try TestPod.with { pod in
        let volume = "\(pod.scratch)/volume"
        try ShimFiles.makeDirectory(volume)
        try ShimFiles.write("here", "\(volume)/file")
        let mount = try DetachedMount.clone(volume)
        let text = try pod.shell("cat /data/file") {
          $0.descriptors = [mount]
          $0.mounts = [.bind(BindMount(source: volume, slot: 0, target: "/data"))]
        }
        #expect(text == "here")
      }
    }

    @Test("Masked paths are empty, read-only ones refuse, absent ones are skipped")
    func masks() throws {
      try TestPod.with { pod in
        try ShimFiles.makeDirectory("\(pod.root)/secret/dir")
        try ShimFiles.write("secret", "\(pod.root)/secret/file")
        let script =
          "cat /secret/file; ls /secret/dir | wc -l; touch /secret/dir/x || echo a; touch /proc/sys/x || echo b; echo 1 > /fixed/f || echo c"
        try ShimFiles.makeDirectory("\(pod.root)/fixed")
        try ShimFiles.makeDirectory("\(pod.root)/secret/dir/inner")
        let text = try pod.shell(script) {
          $0.mounts = [
            .mask(path: "/secret/file"), .mask(path: "/secret/dir"), .mask(path: "/absent"), .readOnly(path: "/proc/sys"),
            .readOnly(path: "/fixed"), .readOnly(path: "/absent"),
          ]
        }
        #expect(text.split(separator: "\n").filter { $0.count == 1 } == ["0", "a", "b", "c"])
        #expect(!text.contains("secret\n0"))
      }
    }

    @Test("The pod's shared memory is podshim's own mount: containers share it, the host never sees it")
    func sharedMemory() throws {
      try TestPod.with { pod in
        let mounts: [SetupOperation] = [.bind(BindMount(source: "\(pod.directory)/shm", target: "/dev/shm"))]
        _ = try pod.shell("echo both > /dev/shm/file") { $0.mounts = mounts }
        #expect(try pod.shell("cat /dev/shm/file") { $0.mounts = mounts } == "both")
        #expect(!ShimFiles.exists("\(pod.directory)/shm/file"))
      }
    }
  }
}
