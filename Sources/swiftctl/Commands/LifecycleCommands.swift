import ArgumentParser
import RuntimeAPI

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "start", abstract: "Start containers that were created.")
  @OptionGroup var global: GlobalOptions
  @Argument(help: "Containers, by id or name.") var containers: [String]

  func run() async throws {
    let runtime = try global.connect()
    for text in containers {
      let container = try await Lookup(runtime: runtime).container(text)
      try await runtime.startContainer(container.id)
      Terminal.write("\(container.id)\n")
    }
  }
}

struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop containers.")
  @OptionGroup var global: GlobalOptions
  @Option(name: [.customShort("t"), .customLong("grace")], help: "Seconds between the stop signal and SIGKILL; 0 kills at once.")
  var grace: Int64 = 10
  @Argument(help: "Containers, by id or name.") var containers: [String]

  func run() async throws {
    let runtime = try global.connect()
    for text in containers {
      let container = try await Lookup(runtime: runtime).container(text)
      try await runtime.stopContainer(container.id, timeout: grace)
      Terminal.write("\(container.id)\n")
    }
  }
}

struct RmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove containers.")
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Kill running ones.") var force = false
  @Flag(name: .shortAndLong, help: "Every container.") var all = false
  @Argument(help: "Containers, by id or name.") var containers: [String] = []

  func run() async throws {
    let runtime = try global.connect()
    var chosen: [ContainerSummary] = all ? try await runtime.listContainers(ContainerFilter()) : []
    for text in containers { chosen.append(try await Lookup(runtime: runtime).container(text)) }
    if chosen.isEmpty, !all { throw Failure("name a container, or use --all") }
    for container in chosen {
      if container.state == .running, !force {
        throw Failure("container \(container.metadata.name) is running", hint: "stop it first, or use --force")
      }
      try await runtime.removeContainer(container.id)
      Terminal.write("\(container.id)\n")
    }
  }
}

struct StoppCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "stopp", abstract: "Stop pod sandboxes.")
  @OptionGroup var global: GlobalOptions
  @Argument(help: "Pods, by id or name.") var pods: [String]

  func run() async throws {
    let runtime = try global.connect()
    for text in pods {
      let pod = try await Lookup(runtime: runtime).pod(text)
      try await runtime.stopPodSandbox(pod.id)
      Terminal.write("Stopped sandbox \(pod.id)\n")
    }
  }
}

struct RmpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rmp", abstract: "Remove pod sandboxes and their containers.")
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Stop ready ones first.") var force = false
  @Flag(name: .shortAndLong, help: "Every pod.") var all = false
  @Argument(help: "Pods, by id or name.") var pods: [String] = []

  func run() async throws {
    let runtime = try global.connect()
    var chosen: [SandboxSummary] = all ? try await runtime.listPodSandboxes(SandboxFilter()) : []
    for text in pods { chosen.append(try await Lookup(runtime: runtime).pod(text)) }
    if chosen.isEmpty, !all { throw Failure("name a pod, or use --all") }
    for pod in chosen {
      if pod.state == .ready, !force {
        throw Failure("pod \(pod.metadata.name) is ready", hint: "swiftctl stopp \(pod.metadata.name) first, or use --force")
      }
      try await runtime.removePodSandbox(pod.id)
      Terminal.write("Removed sandbox \(pod.id)\n")
    }
  }
}

struct RmiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rmi", abstract: "Remove images with all their tags.")
  @OptionGroup var global: GlobalOptions
  @Flag(name: .shortAndLong, help: "Every image no container uses (pinned ones stay).") var prune = false
  @Argument(help: "Images, by id, tag or digest.") var images: [String] = []

  func run() async throws {
    let runtime = try global.connect()
    var chosen: [ImageInfo] = []
    if prune {
      let used = Set(try await runtime.listContainers(ContainerFilter()).map(\.imageID))
      chosen = try await runtime.listImages("").filter { !$0.pinned && !used.contains($0.id.rawValue) }
    }
    for reference in images {
      guard let image = try await runtime.imageStatus(reference, verbose: false)?.image else {
        throw Failure("no image \(reference)", hint: "swiftctl images shows what there is")
      }
      chosen.append(image)
    }
    if chosen.isEmpty, !prune { throw Failure("name an image, or use --prune") }
    for image in chosen {
      try await runtime.removeImage(image.id.rawValue)
      for tag in image.repoTags.isEmpty ? [image.id.rawValue] : image.repoTags { Terminal.write("Deleted: \(tag)\n") }
    }
  }
}
