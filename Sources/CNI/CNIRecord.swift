/// What is kept of a pod's attachment, from before its ADD until its DEL is done: with what it was made, so that it is taken back with that
/// whatever the directory of configurations holds by then.
public struct CNIRecord: Equatable, Sendable {
  public var configuration: CNIConfiguration
  /// The configuration's file is a list, not one plugin's.
  public var isList: Bool
  public var attachment: CNIAttachment
  /// nil: the ADD did not come to its end.
  public var result: JSON?

  public init(configuration: CNIConfiguration, isList: Bool, attachment: CNIAttachment, result: JSON? = nil) {
    (self.configuration, self.isList, self.attachment, self.result) = (configuration, isList, attachment, result)
  }

  var bytes: [UInt8] {
    let json = JSON.object(
      ("kind", .string(Self.kind)), ("isList", .bool(isList)), ("config", configuration.source), ("attachment", attachment.json),
      ("result", result))
    return Array(json.text.utf8)
  }

  private static let kind = "swiftletCNIAttachmentV1"

  init(_ bytes: [UInt8]) throws(CNIError) {
    let json: JSON
    do { json = try JSONParser.parse(bytes) } catch { throw CNIError(.invalidConfiguration, "\(error)") }
    guard json["kind"]?.string == Self.kind, let attachment = json["attachment"].flatMap(CNIAttachment.init),
      let configuration = json["config"], let isList = json["isList"]?.flag
    else { throw CNIError(.invalidConfiguration, "it is no record of an attachment") }
    self.init(
      configuration: try CNIConfiguration(Array(configuration.text.utf8), isList: isList), isList: isList, attachment: attachment,
      result: json["result"])
  }
}
