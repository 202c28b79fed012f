package import CRIProto
package import RuntimeAPI

extension ImageImportProgress {
  package init(_ message: Swiftlet_V1_ImportImageProgress) {
    self.init(
      stage: message.stage, bytesDone: message.bytesDone, bytesTotal: message.bytesTotal, layer: message.layer,
      imageID: message.imageID, repoTags: message.repoTags, done: message.done)
  }
}

extension Swiftlet_V1_ImportImageProgress {
  package init(_ value: ImageImportProgress) {
    self.init()
    stage = value.stage
    bytesDone = value.bytesDone
    bytesTotal = value.bytesTotal
    layer = value.layer
    imageID = value.imageID
    repoTags = value.repoTags
    done = value.done
  }
}

extension NodeEvent {
  package init(_ message: Swiftlet_V1_NodeEvent) {
    self.init(
      sequence: message.sequence, type: message.type, reason: message.reason, namespace: message.namespace, name: message.name,
      uid: message.uid, field: message.field, message: message.message, count: message.count,
      firstNanoseconds: message.firstNs, lastNanoseconds: message.lastNs)
  }
}

extension Swiftlet_V1_NodeEvent {
  package init(_ value: NodeEvent) {
    self.init()
    sequence = value.sequence
    type = value.type
    reason = value.reason
    namespace = value.namespace
    name = value.name
    uid = value.uid
    field = value.field
    message = value.message
    count = value.count
    firstNs = value.firstNanoseconds
    lastNs = value.lastNanoseconds
  }
}

extension NodeLeak {
  package init(_ message: Swiftlet_V1_Leak) {
    self.init(kind: message.kind, name: message.name, owner: message.owner, problem: message.problem)
  }
}

extension Swiftlet_V1_Leak {
  package init(_ value: NodeLeak) {
    self.init()
    kind = value.kind
    name = value.name
    owner = value.owner
    problem = value.problem
  }
}
