/// Security settings of pods and containers.
extension FieldErrors {
  mutating func security(_ path: String, _ context: SecurityContext?) {
    guard let context else { return }
    range("\(path).runAsUser", context.runAsUser, 0...Int(Int32.max))
    range("\(path).runAsGroup", context.runAsGroup, 0...Int(Int32.max))
    oneOf("\(path).procMount", context.procMount, ["Default", "Unmasked"])
    seccomp("\(path).seccompProfile", context.seccompProfile)
    if context.allowPrivilegeEscalation == false {
      if context.privileged == true {
        invalid(
          "\(path).allowPrivilegeEscalation", false, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
      }
      if context.capabilities?.add?.contains(where: { ["SYS_ADMIN", "CAP_SYS_ADMIN"].contains($0) }) == true {
        invalid(
          "\(path).allowPrivilegeEscalation", false,
          "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
      }
    }
  }

  mutating func seccomp(_ path: String, _ profile: SeccompProfile?) {
    guard let profile else { return }
    errorsForType(path, profile)
    let local = profile.localhostProfile ?? ""
    if profile.type == "Localhost" {
      if local.isEmpty { required("\(path).localhostProfile", "must be set when seccomp type is Localhost") }
      if local.hasPrefix("/") || local.split(separator: "/").contains("..") {
        invalid("\(path).localhostProfile", local, "must be a relative path without '..'")
      }
    } else if profile.localhostProfile != nil {
      invalid("\(path).localhostProfile", local, "can only be set when seccomp type is Localhost")
    }
  }

  private mutating func errorsForType(_ path: String, _ profile: SeccompProfile) {
    if profile.type.isEmpty {
      required("\(path).type")
    } else {
      oneOf("\(path).type", profile.type, ["Localhost", "RuntimeDefault", "Unconfined"])
    }
  }
}
