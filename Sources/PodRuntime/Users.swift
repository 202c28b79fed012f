import Images
import LinuxRuntime
import OCISpec
import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// Ids for the container's process from its settings and the image's passwd and group files.
  func resolveUser(_ security: ContainerSecurityContext, _ image: ResolvedImage) throws -> ResolvedIdentity {
    try userDatabase(image).resolve(
      user: security.runAsUser, username: security.runAsUsername, imageUser: image.config.config?.user ?? "",
      group: security.runAsGroup, supplementalGroups: security.supplementalGroups,
      strict: security.supplementalGroupsPolicy == .strict)
  }

  /// Read once for each image: images do not change. Those of images that are no more go when another one is read.
  private func userDatabase(_ image: ResolvedImage) throws -> UserDatabase {
    if let known = users.withLock({ $0[image.id] }) { return known }
    let database = UserDatabase(
      passwd: try images.readFile("/etc/passwd", in: image), group: try images.readFile("/etc/group", in: image))
    let left = Set(images.list().map(\.id))
    users.withLock { users in
      users = users.filter { left.contains($0.key) }
      users[image.id] = database
    }
    return database
  }
}
