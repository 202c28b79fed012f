import Foundation
import TestSupport
import Testing

@testable import CNI

@Suite("Records of CNI attachments") struct CNIRecordsTests {
  @Test("give back what was written, and know whose there are")
  func roundTrip() throws {
    try ScratchDirectory.with("cni") { scratch in
      let records = CNIRecords(directory: scratch["cni"])
      #expect(try records.read("abc") == nil && records.ids() == [])
      let configuration = try CNIConfiguration(Array(CNIDirectoryTests.list("n").utf8), isList: true)
      var record = CNIRecord(configuration: configuration, isList: true, attachment: ScriptedPlugins.attachment)
      try records.write(record)
      #expect(try records.read("abc") == record && records.has("abc"))
      record.result = .object(("ips", .array([])))
      try records.write(record)
      #expect(try records.read("abc") == record && records.ids() == ["abc"])
      #expect(try FileManager.default.attributesOfItem(atPath: scratch["cni/abc"])[.posixPermissions] as? Int == 0o600)
      try records.remove("abc")
      try records.remove("abc")
      #expect(try records.ids() == [] && !records.has("abc"))
    }
  }

  @Test("that are damaged say where", arguments: [("{", "line 1, column 2"), ("{}", "it is no record of an attachment")])
  func damaged(_ text: String, _ problem: String) throws {
    try ScratchDirectory.with("cni") { scratch in
      try scratch.write("abc", text)
      let error = #expect(throws: CNIError.self) { try CNIRecords(directory: scratch.path).read("abc") }
      #expect(error?.description.contains(problem) == true && error?.description.contains("\(scratch.path)/abc") == true)
    }
  }
}
