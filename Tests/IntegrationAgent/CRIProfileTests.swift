import AgentSupport
import CRIClient
import Foundation
import Glibc
import RuntimeAPI
import TestSupport
import Testing

extension AgentSuite {
  @Suite("CRI: profiles, ambient capabilities, CDI devices, mounts on mounts", .timeLimit(.minutes(5)))
  struct CRIProfileTests {
    @Test(
      "A profile of the node's files has architectures, conditions and errors of its own; what it cannot be is refused by its place"
    )
    func localhostProfile() async throws {
      let scratch = try ScratchDirectory("seccomp")
      defer { scratch.remove() }
      let profile = try scratch.write(
        "profile.json",
        """
        {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
         "syscalls": [
           {"names": ["chmod", "fchmodat", "fchmodat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
           {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 16,
            "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}]}
        """)
      let listener = try scratch.write(
        "listener.json",
        #"{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}]}"#
      )
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("profile")
        for (name, reference) in [("plain", profile), ("prefixed", "localhost/" + profile)] {
          let ended = try await pod.shell(name, "chmod 600 /etc/passwd; kill -10 1; kill -0 1 && echo alive") {
            $0.securityContext.seccomp = SecurityProfile(type: .localhost, localhostRef: reference)
          }
          #expect(
            ended.text.contains("No space left on device") && ended.text.lowercased().contains("resource busy"), "\(ended.text)")
          #expect(ended.text.hasSuffix("alive"), "\(ended.text)")
        }
        let cases: [(SecurityProfile, String)] = [
          (SecurityProfile(type: .localhost, localhostRef: listener), "syscalls[0].action: SCMP_ACT_NOTIFY is not supported"),
          (SecurityProfile(type: .localhost, localhostRef: scratch["none.json"]), "none.json"),
          (SecurityProfile(type: .localhost, localhostRef: "profile.json"), "absolute path"),
          (SecurityProfile(type: .localhost), "needs a localhost_ref"),
          (SecurityProfile(type: .unconfined, localhostRef: profile), "Localhost only"),
        ]
        for (profile, words) in cases {
          let error = await #expect(throws: RuntimeError.self) {
            try await pod.create("refused", image: "busybox") { $0.securityContext.seccomp = profile }
          }
          #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
      }
    }

    @Test("Ambient capabilities are a user's who is not root; the status says who the container is")
    func ambient() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("ambient")
        func caps(_ name: String, _ ambient: [String]) async throws -> (text: String, user: ContainerUser?) {
          let ended = try await pod.shell(name, "grep -E 'Cap(Eff|Amb)' /proc/self/status | tr -d '\\t'; id -G") { config in
            config.securityContext.runAsUser = 1000
            config.securityContext.supplementalGroups = [1234]
            config.securityContext.capabilities.addAmbient = ambient
          }
          return (ended.text, ended.status.user)
        }
        let without = try await caps("without", [])
        #expect(without.text.contains("CapEff:0000000000000000\nCapAmb:0000000000000000"), "\(without.text)")
        // NET_RAW, and none that the container does not have.
        let with = try await caps("with", ["NET_RAW", "SYS_ADMIN"])
        #expect(with.text.contains("CapEff:0000000000002000\nCapAmb:0000000000002000"), "\(with.text)")
        #expect(with.user?.uid == 1000 && with.user?.gid == 1000)
        let groups = with.text.split(separator: "\n").last.map { $0.split(separator: " ").compactMap { Int64($0) } } ?? []
        #expect(Set(with.user?.supplementalGroups ?? []) == Set(groups) && groups.contains(1234) && groups.contains(1000))
      }
    }

    @Test("A CDI device brings its variables, nodes, mounts and groups, with a user namespace too; one that nobody has is refused")
    func cdiDevices() async throws {
      let scratch = try ScratchDirectory("cdi")
      defer { scratch.remove() }
      try scratch.write("library/file", "of the driver")
      try scratch.write(
        "etc/vendor.yaml",
        """
        cdiVersion: 0.6.0
        kind: vendor.com/thing
        containerEdits:
          env: [DRIVER=yes]
          mounts: [{hostPath: \(scratch["library"]), containerPath: /usr/driver, options: [ro, nosuid, nodev, rbind]}]
        devices:
        - name: one
          containerEdits:
            env: [THING=1]
            additionalGids: [4242]
            deviceNodes: [{path: /dev/thing, hostPath: /dev/zero, permissions: rw}]
        """)
      var options = CRILifecycleTests.options
      options.arguments = ["--cdi-spec-dirs", "\(scratch["etc"]),\(scratch["run"])"]
      try await AgentFixture.with(options) { agent in
        let ids = [IDMappingValue(hostID: 196_608, containerID: 0, length: 65536)]
        for (name, users) in [("plain", nil), ("mapped", UserNamespaceOption(mode: .pod, uids: ids, gids: ids))] {
          let pod = try await agent.sandbox(name) { $0.securityContext.namespaces.user = users }
          let ended = try await pod.shell(
            "c",
            "echo $DRIVER $THING; cat /usr/driver/file; echo; head -c 5 /dev/thing | wc -c; id -G; touch /usr/driver/x || echo ro"
          ) { config in
            config.securityContext.namespaces.user = users
            config.annotations = ["cdi.k8s.io/vendor": "vendor.com/thing=one"]
            config.cdiDevices = ["vendor.com/thing=one"]
          }
          let lines = ended.text.split(separator: "\n").map(String.init)
          #expect(Array(lines.prefix(3)) == ["yes 1", "of the driver", "5"] && lines.last == "ro", "\(ended.text)")
          #expect(lines.contains { $0.split(separator: " ").contains("4242") })
          #expect(ended.status.user?.supplementalGroups.contains(4242) == true)
          let error = await #expect(throws: RuntimeError.self) {
            try await pod.create("other", image: "busybox") { config in
              config.securityContext.namespaces.user = users
              config.cdiDevices = ["vendor.com/thing=two"]
            }
          }
          #expect(error?.message.contains("vendor.com/thing=two") == true && error?.message.contains(scratch["run"]) == true)
        }
      }
    }

    @Test(
      "Several mounts on one path lie on each other, the last on top; what cannot be read-only to its depth is refused as kubelets look for it"
    )
    func mounts() async throws {
      try await AgentFixture.with(CRILifecycleTests.options) { agent in
        let pod = try await agent.sandbox("mounts")
        let places = ["first", "second", "third"].map { "\(agent.base)/\($0)" }
        for place in places {
          try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
          try Data(place.utf8).write(to: URL(fileURLWithPath: "\(place)/name"))
        }
        let ended = try await pod.shell("c", "cat /v/name; echo; grep -c ' /v ' /proc/mounts; cat /v/deep/name") { config in
          config.mounts = [Mount(containerPath: "/v/deep", hostPath: places[2])]
          config.mounts += places.prefix(2).map { Mount(containerPath: "/v", hostPath: $0) }
        }
        #expect(ended.text.split(separator: "\n") == ["\(places[1])", "2", "\(places[2])"], "\(ended.text)")
        #expect(ended.status.mounts.map(\.hostPath) == [places[2], places[0], places[1]])
        for mount in [
          Mount(containerPath: "/v", hostPath: places[0], recursiveReadOnly: true),
          Mount(containerPath: "/v", hostPath: places[0], readOnly: true, recursiveReadOnly: true, propagation: .hostToContainer),
        ] {
          let error = await #expect(throws: RuntimeError.self) {
            try await pod.create("refused", image: "busybox") { $0.mounts = [mount] }
          }
          #expect(error?.message.hasPrefix("RROUnsupported") == true)
        }
      }
    }
  }
}
