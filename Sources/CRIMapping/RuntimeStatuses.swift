package import CRIProto
package import RuntimeAPI

extension RuntimeStatus {
  package init(_ message: Runtime_V1_StatusResponse) {
    self.init(
      conditions: message.status.conditions.map {
        RuntimeCondition(type: $0.type, status: $0.status, reason: $0.reason, message: $0.message)
      },
      handlers: message.runtimeHandlers.map {
        RuntimeHandlerInfo(
          name: $0.name, recursiveReadOnlyMounts: $0.features.recursiveReadOnlyMounts,
          userNamespaces: $0.features.userNamespaces)
      },
      supplementalGroupsPolicy: message.features.supplementalGroupsPolicy,
      userNamespacesHostNetwork: message.features.userNamespacesHostNetwork, info: message.info)
  }
}

extension Runtime_V1_StatusResponse {
  package init(_ value: RuntimeStatus) {
    self.init()
    status.conditions = value.conditions.map { condition in
      var message = Runtime_V1_RuntimeCondition()
      message.type = condition.type
      message.status = condition.status
      message.reason = condition.reason
      message.message = condition.message
      return message
    }
    runtimeHandlers = value.handlers.map { handler in
      var message = Runtime_V1_RuntimeHandler()
      message.name = handler.name
      message.features.recursiveReadOnlyMounts = handler.recursiveReadOnlyMounts
      message.features.userNamespaces = handler.userNamespaces
      return message
    }
    features.supplementalGroupsPolicy = value.supplementalGroupsPolicy
    features.userNamespacesHostNetwork = value.userNamespacesHostNetwork
    info = value.info
  }
}
