import LinuxRuntime
import Testing

@Suite("Which AppArmor profile a container gets") struct AppArmorProfileTests {
  private typealias Node = AppArmorProfile.Node
  private static let off = Node(isEnabled: false)
  private static let on = Node(isEnabled: true, hasDefault: true, loaded: ["mine", AppArmorProfile.defaultName])
  private static let bare = Node(isEnabled: true, hasDefault: false, loaded: [])

  private func refusal(_ wish: AppArmorProfile.Wish, _ node: Node) -> String {
    do {
      _ = try AppArmorProfile.choose(wish, privileged: false, node: node)
      return ""
    } catch { return error.message }
  }

  @Test("the default where AppArmor is, unless somebody said otherwise or the container is privileged")
  func defaults() throws {
    for wish in [AppArmorProfile.Wish.nothing, .runtimeDefault] {
      #expect(try AppArmorProfile.choose(wish, privileged: false, node: Self.on) == AppArmorProfile.defaultName)
      #expect(try AppArmorProfile.choose(wish, privileged: true, node: Self.on) == nil)
    }
    #expect(try AppArmorProfile.choose(.unconfined, privileged: false, node: Self.on) == nil)
    #expect(try AppArmorProfile.choose(.nothing, privileged: false, node: Self.off) == nil)
    #expect(try AppArmorProfile.choose(.nothing, privileged: false, node: Self.bare) == nil)
  }

  @Test("what was asked for and cannot be had is refused")
  func refused() throws {
    #expect(refusal(.runtimeDefault, Self.off).contains("not enabled"))
    #expect(refusal(.runtimeDefault, Self.bare).contains("apparmor_parser"))
    #expect(refusal(.localhost("mine"), Self.off).contains("'mine'"))
    #expect(refusal(.localhost("other"), Self.on).contains("not loaded"))
    #expect(refusal(.localhost(""), Self.on).contains("not the name"))
    #expect(refusal(.localhost("a\nb"), Self.on).contains("not the name"))
    #expect(try AppArmorProfile.choose(.localhost("mine"), privileged: true, node: Self.on) == "mine")
    // A list that cannot be read: the kernel decides at the start.
    #expect(try AppArmorProfile.choose(.localhost("x"), privileged: false, node: Node(isEnabled: true)) == "x")
  }

  @Test("the kernel's list of profiles is read, names with spaces and parentheses too")
  func list() {
    let text = "docker-default (enforce)\n/usr/bin/man (complain)\nmy profile (x) (unconfined)\n"
    #expect(AppArmorProfile.names(inList: text) == ["docker-default", "/usr/bin/man", "my profile (x)"])
  }

  @Test("the default profile names itself and denies what must be denied")
  func text() {
    let lines = Set(AppArmorProfile.text.split(separator: "\n").map { $0.drop { $0 == " " } })
    #expect(AppArmorProfile.text.hasPrefix("profile swiftlet-default "))
    for rule in ["deny mount,", "deny /proc/* w,", "deny /proc/sysrq-trigger rwklx,", "deny /sys/firmware/** rwklx,"] {
      #expect(lines.contains(Substring(rule)))
    }
    #expect(AppArmorProfile.text.filter { $0 == "{" }.count == AppArmorProfile.text.filter { $0 == "}" }.count)
  }
}
