import ArgumentParser
import RuntimeAPI

struct ImagesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "images", abstract: "List images.", aliases: ["img"])
  @OptionGroup var global: GlobalOptions
  @OptionGroup var format: OutputOptions
  @Flag(help: "Show repository digests.") var digests = false
  @Flag(help: "Show whether an image is pinned.") var pinned = false
  @Flag(help: "Whole ids.") var noTrunc = false
  @Argument(help: "Only this image.") var reference = ""

  func run() async throws {
    let images = try await global.connect().listImages(reference).sorted { ($0.repoTags.first ?? "") < ($1.repoTags.first ?? "") }
    if format.quiet { return Terminal.write(images.map { "\($0.id)\n" }.joined()) }
    if format.output != .table { return Terminal.write(try Format.structured(["images": images], format.output)) }
    var titles = ["IMAGE", "TAG"]
    if digests { titles.append("DIGEST") }
    titles += ["IMAGE ID", "SIZE"]
    if pinned { titles.append("PINNED") }
    var table = Table(titles)
    for image in images {
      for tag in image.repoTags.isEmpty ? ["<none>:<none>"] : image.repoTags {
        let colon = tag.lastIndex(of: ":") ?? tag.endIndex
        var row = [String(tag[..<colon]), colon == tag.endIndex ? "<none>" : String(tag[tag.index(after: colon)...])]
        if digests { row.append(image.repoDigests.first.flatMap { $0.split(separator: "@").last.map(String.init) } ?? "<none>") }
        row += [noTrunc ? image.id.rawValue : Format.shortID(image.id.rawValue), Format.bytes(image.size)]
        if pinned { row.append("\(image.pinned)") }
        table.add(row)
      }
    }
    Terminal.write(table.text())
  }
}
