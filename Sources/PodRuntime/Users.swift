import Images
import LinuxRuntime
import OCISpec
import RuntimeAPI
import Synchronization

extension PodRuntime {
  /// Ids for the container's process from its settings and the image's passwd and group files.
  func resolveUser(_ security: ContainerSecurityContext, _ image: ResolvedImage) throws -> SpecBuilder.ResolvedUser {
    let database = try userDatabase(image)
    let identity = try database.resolve(
      user: security.runAsUser, username: security.runAsUsername, imageUser: image.config.config?.user ?? "",
      group: security.runAsGroup, supplementalGroups: security.supplementalGroups,
      strict: security.supplementalGroupsPolicy == .strict)
    return SpecBuilder.ResolvedUser(uid: identity.uid, gid: identity.gid, groups: identity.groups, home: identity.home)
  }

  /// Read once for each image: images do not change.
  private func userDatabase(_ image: ResolvedImage) throws -> UserDatabase {
    if let known = users.withLock({ $0[image.id] }) { return known }
    let database = UserDatabase(
      passwd: try images.readFile("/etc/passwd", in: image), group: try images.readFile("/etc/group", in: image))
    users.withLock { $0[image.id] = database }
    return database
  }
}
