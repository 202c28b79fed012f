package import CRIProto
package import RuntimeAPI

extension SecurityProfile {
  package init(_ message: Runtime_V1_SecurityProfile, field: String) throws(RuntimeError) {
    self.init(type: try enumeration(message.profileType, "\(field).profile_type"), localhostRef: message.localhostRef)
  }

  /// The deprecated text form, which the message form overrides; nil for an empty text.
  /// Source: CRI `seccomp_profile_path`, `apparmor_profile`.
  init?(deprecated text: String, field: String) throws(RuntimeError) {
    switch text {
    case "": return nil
    case "runtime/default", "docker/default": self.init(type: .runtimeDefault)
    case "unconfined": self.init(type: .unconfined)
    default:
      guard text.hasPrefix("localhost/") else {
        throw RuntimeError(.invalidArgument, "\(field): unknown profile \"\(text)\"")
      }
      self.init(type: .localhost, localhostRef: String(text.dropFirst("localhost/".count)))
    }
  }
}

extension Runtime_V1_SecurityProfile {
  package init(_ value: SecurityProfile) {
    self.init()
    profileType = enumeration(value.type)
    localhostRef = value.localhostRef
  }
}

extension Runtime_V1_Int64Value {
  package init(_ value: Int64) {
    self.init()
    self.value = value
  }
}

extension Runtime_V1_UInt64Value {
  package init(_ value: UInt64) {
    self.init()
    self.value = value
  }
}
