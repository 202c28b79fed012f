package import CRIProto
package import RuntimeAPI

extension SandboxMetadata {
  package init(_ message: Runtime_V1_PodSandboxMetadata) {
    self.init(name: message.name, uid: message.uid, namespace: message.namespace, attempt: message.attempt)
  }
}

extension Runtime_V1_PodSandboxMetadata {
  package init(_ value: SandboxMetadata) {
    self.init()
    name = value.name
    uid = value.uid
    namespace = value.namespace
    attempt = value.attempt
  }
}

extension SandboxConfig {
  package init(_ message: Runtime_V1_PodSandboxConfig, field: String) throws(RuntimeError) {
    self.init(
      metadata: SandboxMetadata(message.metadata), hostname: message.hostname, logDirectory: message.logDirectory,
      portMappings: try mapped(message.portMappings) { (port) throws(RuntimeError) in
        PortMapping(
          transport: try enumeration(port.protocol, "\(field).port_mappings.protocol"), containerPort: port.containerPort,
          hostPort: port.hostPort, hostIP: port.hostIp)
      },
      labels: message.labels, annotations: message.annotations, cgroupParent: message.linux.cgroupParent,
      securityContext: try SandboxSecurityContext(message.linux.securityContext, field: "\(field).linux.security_context"),
      sysctls: message.linux.sysctls)
    if message.hasDnsConfig {
      dns = DNSConfig(
        servers: message.dnsConfig.servers, searches: message.dnsConfig.searches, options: message.dnsConfig.options)
    }
    if message.linux.hasOverhead { overhead = LinuxResources(message.linux.overhead) }
    if message.linux.hasResources { resources = LinuxResources(message.linux.resources) }
    wire = wireForm(message)
  }
}

extension Runtime_V1_PodSandboxConfig {
  package init(_ value: SandboxConfig) {
    self.init()
    metadata = Runtime_V1_PodSandboxMetadata(value.metadata)
    hostname = value.hostname
    logDirectory = value.logDirectory
    if let dns = value.dns {
      var message = Runtime_V1_DNSConfig()
      message.servers = dns.servers
      message.searches = dns.searches
      message.options = dns.options
      dnsConfig = message
    }
    portMappings = value.portMappings.map { port in
      var message = Runtime_V1_PortMapping()
      message.protocol = enumeration(port.transport)
      message.containerPort = port.containerPort
      message.hostPort = port.hostPort
      message.hostIp = port.hostIP
      return message
    }
    labels = value.labels
    annotations = value.annotations
    linux.cgroupParent = value.cgroupParent
    linux.securityContext = Runtime_V1_LinuxSandboxSecurityContext(value.securityContext)
    linux.sysctls = value.sysctls
    if let overhead = value.overhead { linux.overhead = Runtime_V1_LinuxContainerResources(overhead) }
    if let resources = value.resources { linux.resources = Runtime_V1_LinuxContainerResources(resources) }
  }
}
