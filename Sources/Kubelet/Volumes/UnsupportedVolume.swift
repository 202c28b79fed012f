/// A volume of a type that this version does not know. Admission refuses its pod; a pod that an older agent admitted waits with the reason.
struct UnsupportedVolume: PodVolume {
  /// `nfs`, or more words.
  let what: String
  var hostPath: String { "" }
  var takesGroup: Bool { false }

  func setUp() throws(KubeletError) -> Bool {
    throw KubeletError(.invalidPod, reason: "FailedMount", "volumes of type \(what) are not supported")
  }
}
