/// An image, mounted read-only by the runtime. There is nothing to prepare: it is pulled with the images of the containers that mount it.
struct ImageVolume: PodVolume {
  let reference: String
  /// `Always`, `IfNotPresent` or `Never`.
  let pullPolicy: String

  var hostPath: String { "" }
  var takesGroup: Bool { false }
  var isReadOnly: Bool { true }

  func setUp() throws(KubeletError) -> Bool { false }
}
