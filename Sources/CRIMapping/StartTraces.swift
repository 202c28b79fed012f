package import CRIProto
package import RuntimeAPI

extension StartTrace {
  package init(_ message: Swiftlet_V1_StartTrace) {
    self.init(
      namespace: message.namespace, name: message.name, uid: message.uid, startedAt: message.startedNs,
      isFinished: message.finished,
      steps: message.steps.map {
        Step(
          name: $0.name, container: $0.container, level: $0.level, offsetNanoseconds: $0.offsetNs,
          durationNanoseconds: $0.durationNs)
      })
  }
}

extension Swiftlet_V1_StartTrace {
  package init(_ value: StartTrace) {
    self.init()
    namespace = value.namespace
    name = value.name
    uid = value.uid
    startedNs = value.startedAt
    finished = value.isFinished
    steps = value.steps.map { step in
      var message = Swiftlet_V1_StartTraceStep()
      message.name = step.name
      message.container = step.container
      message.level = step.level
      message.offsetNs = step.offsetNanoseconds
      message.durationNs = step.durationNanoseconds
      return message
    }
  }
}
