package import CRIProto
package import RuntimeAPI

extension IDMappingValue {
  package init(_ message: Runtime_V1_IDMapping) {
    self.init(hostID: message.hostID, containerID: message.containerID, length: message.length)
  }
}

extension Runtime_V1_IDMapping {
  package init(_ value: IDMappingValue) {
    self.init()
    hostID = value.hostID
    containerID = value.containerID
    length = value.length
  }
}

extension NamespaceOption {
  package init(_ message: Runtime_V1_NamespaceOption, field: String) throws(RuntimeError) {
    self.init(
      network: try enumeration(message.network, "\(field).network"), pid: try enumeration(message.pid, "\(field).pid"),
      ipc: try enumeration(message.ipc, "\(field).ipc"), targetID: message.targetID)
    if message.hasUsernsOptions {
      let options = message.usernsOptions
      user = UserNamespaceOption(
        mode: try enumeration(options.mode, "\(field).userns_options.mode"), uids: options.uids.map(IDMappingValue.init),
        gids: options.gids.map(IDMappingValue.init))
    }
  }
}

extension Runtime_V1_NamespaceOption {
  package init(_ value: NamespaceOption) {
    self.init()
    network = enumeration(value.network)
    pid = enumeration(value.pid)
    ipc = enumeration(value.ipc)
    targetID = value.targetID
    if let user = value.user {
      usernsOptions.mode = enumeration(user.mode)
      usernsOptions.uids = user.uids.map(Runtime_V1_IDMapping.init)
      usernsOptions.gids = user.gids.map(Runtime_V1_IDMapping.init)
    }
  }
}
