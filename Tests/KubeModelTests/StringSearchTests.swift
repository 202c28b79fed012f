import KubeModel
import Testing

@Suite("Looking for a text in a text")
struct StringSearchTests {
  @Test("finds bytes wherever they are, as the regular expression engine's methods do")
  func contains() {
    for (text, part) in [
      ("a--b", "--"), ("--", "--"), ("-", "--"), ("", "--"), ("a-b-", "--"), ("aab", "ab"), ("ü::1", "::"), ("x:", "::"),
      ("1.hugepages-2Mi", ".hugepages-"),
    ] {
      #expect(text.hasSubstring(part) == text.contains(part), "\(part) in \(text)")
      #expect(text.replacingAll(part, with: "_é") == text.replacing(part, with: "_é"), "\(part) in \(text)")
    }
  }

  @Test("replaces from left to right, without looking into what it wrote")
  func replace() {
    #expect("a:::b".replacingAll("::", with: ":") == "a::b")
    #expect("\\040x\\040".replacingAll("\\040", with: " ") == " x ")
    #expect("a\0b\0".replacingAll("\0", with: "\\0") == "a\\0b\\0")
  }
}
