import AgentSupport
import RuntimeAPI
import Testing

@Suite("AppArmor on a node whose kernel has it", .serialized)
struct AppArmorNodeTests {
  @Test("containers get the default profile, which denies what their capabilities would allow", .timeLimit(.minutes(5)))
  func defaultProfile() async throws {
    try await NodeAgent.with { agent in
      let container = """
        image: localhost/busybox:latest
              imagePullPolicy: Never
              command: [sleep, "3600"]
        """
      try agent.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: armoured}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
            - name: silent
              \(container)
              securityContext: {capabilities: {add: [SYS_ADMIN]}}
            - name: asked
              \(container)
              securityContext: {appArmorProfile: {type: RuntimeDefault}}
            - name: free
              \(container)
              securityContext: {capabilities: {add: [SYS_ADMIN]}, appArmorProfile: {type: Unconfined}}
        """, as: "armoured")
      let profile = ["cat", "/proc/self/attr/current"]
      let mount = ["sh", "-c", "mount -t tmpfs none /tmp 2>&1 && umount /tmp && echo mounted"]
      let silent = try await agent.container("silent", .running).id
      #expect(try await agent.exec(silent, profile, timeout: 60).output == "swiftlet-default (enforce)")
      #expect(try await agent.exec(silent, mount, timeout: 60).output.contains("Permission denied"))
      let kernel = ["sh", "-c", "echo x > /proc/sys/kernel/core_pattern"]
      #expect(try await agent.exec(silent, kernel, timeout: 60).code == 1)
      let asked = try await agent.container("asked", .running).id
      #expect(try await agent.exec(asked, profile, timeout: 60).output == "swiftlet-default (enforce)")
      let free = try await agent.container("free", .running).id
      #expect(try await agent.exec(free, profile, timeout: 60).output == "unconfined")
      #expect(try await agent.exec(free, mount, timeout: 60).output == "mounted")
    }
  }
}
