import LinuxRuntime
import Testing

@Suite("The users of an image") struct UserDatabaseTests {
  static let passwd = """
    root:x:0:0:root:/root:/bin/sh
    # a comment
    broken line
    nameless:x:notanumber:5::/x:/bin/sh
    :x:7:7::/none:/bin/sh
    daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
    app:x:1000:2000:App:/home/app:/bin/sh
    1000:x:4000:4001:A number for a name:/odd:/bin/sh
    nohome:x:1001:1001
    huge:x:99999999999:1::/:/bin/sh
    last:x:5000:5001::relative:/bin/sh
    """
  static let group = """
    root:x:0:
    app:x:2000:
    audio:x:29:app,daemon
    video:x:44:daemon,app
    broken
    worse:x:many:app
    again:x:29:app
    empty:x:50:,,
    """
  static let database = UserDatabase(passwd: passwd, group: group)

  struct Request: Sendable, CustomTestStringConvertible {
    var user: Int64?
    var username = ""
    var image = ""
    var group: Int64?
    var groups: [Int64] = []
    var strict = false
    var expected: ResolvedIdentity
    init(
      user: Int64? = nil, username: String = "", image: String = "", group: Int64? = nil, groups: [Int64] = [],
      strict: Bool = false,
      _ uid: UInt32, _ gid: UInt32, _ all: [UInt32], _ home: String
    ) {
      (self.user, self.username, self.image, self.group, self.groups, self.strict) = (user, username, image, group, groups, strict)
      expected = ResolvedIdentity(uid: uid, gid: gid, groups: all, home: home)
    }
    var testDescription: String {
      "user \(user.map(String.init) ?? "-") name '\(username)' image '\(image)' group \(group.map(String.init) ?? "-") \(groups)\(strict ? " strict" : "")"
    }
  }

  @Test(
    "are looked up by the rules of CRI",
    arguments: [
      Request(0, 0, [0], "/root"),
      Request(user: 0, 0, 0, [0], "/root"),
      Request(user: 1000, 1000, 2000, [2000, 29, 44], "/home/app"),
      Request(user: 1000, image: "daemon", 1000, 2000, [2000, 29, 44], "/home/app"),
      Request(username: "app", 1000, 2000, [2000, 29, 44], "/home/app"),
      Request(user: 5, username: "app", 1000, 2000, [2000, 29, 44], "/home/app"),
      // Not in passwd: gid 0, no groups, home /.
      Request(user: 1234, 1234, 0, [0], "/"),
      Request(user: 1234, group: 55, groups: [7, 55, 7], 1234, 55, [55, 7], "/"),
      Request(user: 1000, group: 55, 1000, 55, [55, 29, 44], "/home/app"),
      Request(user: 1000, groups: [44, 3], 1000, 2000, [2000, 29, 44, 3], "/home/app"),
      Request(user: 1000, groups: [3], strict: true, 1000, 2000, [2000, 3], "/home/app"),
      Request(user: 1000, group: 9, strict: true, 1000, 9, [9], "/home/app"),
      Request(image: "app", 1000, 2000, [2000, 29, 44], "/home/app"),
      Request(image: "app:audio", 1000, 29, [29, 44], "/home/app"),
      Request(image: "app:77", 1000, 77, [77, 29, 44], "/home/app"),
      Request(image: "app:", 1000, 2000, [2000, 29, 44], "/home/app"),
      Request(image: ":audio", 0, 29, [29], "/root"),
      Request(image: "3333", 3333, 0, [0], "/"),
      Request(image: "3333:44", 3333, 44, [44], "/"),
      // A name that looks like a number is a name first.
      Request(image: "1000", 4000, 4001, [4001], "/odd"),
      Request(user: 1001, 1001, 1001, [1001], "/"),
      Request(user: 5000, 5000, 5001, [5001], "/"),
    ])
  func resolved(_ request: Request) throws {
    let identity = try Self.database.resolve(
      user: request.user, username: request.username, imageUser: request.image, group: request.group,
      supplementalGroups: request.groups, strict: request.strict)
    #expect(identity == request.expected)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var user: Int64?
    var username = ""
    var image = ""
    var group: Int64?
    var groups: [Int64] = []
    var message: String
    init(
      user: Int64? = nil, username: String = "", image: String = "", group: Int64? = nil, groups: [Int64] = [], _ message: String
    ) {
      (self.user, self.username, self.image, self.group, self.groups, self.message) = (
        user, username, image, group, groups, message
      )
    }
    var testDescription: String { message }
  }

  @Test(
    "that do not exist are an error",
    arguments: [
      Refusal(username: "nobody", "run_as_username: there is no user 'nobody'"),
      Refusal(image: "nobody", "the image's user: there is no user 'nobody'"),
      Refusal(image: "app:nogroup", "there is no group 'nogroup'"),
      Refusal(image: "99999999999", "99999999999 is not a user id"),
      Refusal(image: "4294967295", "4294967295 is not a user id"),
      Refusal(group: 5, "run_as_group is given without"),
      Refusal(user: -1, "run_as_user: -1 is not an id"),
      Refusal(user: 4_294_967_295, "run_as_user: 4294967295 is not an id"),
      Refusal(user: 0, group: -5, "run_as_group: -5 is not an id"),
      Refusal(user: 0, groups: [1, 1 << 40], "supplemental_groups: 1099511627776 is not an id"),
      Refusal(username: "huge", "there is no user 'huge'"),
      Refusal(username: "nameless", "there is no user 'nameless'"),
      Refusal(username: "# a comment", "there is no user '# a comment'"),
    ])
  func unknown(_ request: Refusal) {
    let error = #expect(throws: LinuxRuntimeError.self) {
      try Self.database.resolve(
        user: request.user, username: request.username, imageUser: request.image, group: request.group,
        supplementalGroups: request.groups, strict: false)
    }
    #expect(error?.code == .user)
    #expect(error?.message.contains(request.message) == true, "\(error?.message ?? "")")
  }

  @Test("need no files for root and numbers")
  func withoutFiles() throws {
    let database = UserDatabase(passwd: nil, group: nil)
    #expect(
      try database.resolve(user: nil, username: "", imageUser: "", group: nil, supplementalGroups: [], strict: false)
        == ResolvedIdentity(uid: 0, gid: 0, groups: [0], home: "/"))
    #expect(
      try database.resolve(user: nil, username: "", imageUser: "10:20", group: nil, supplementalGroups: [5], strict: false)
        == ResolvedIdentity(uid: 10, gid: 20, groups: [20, 5], home: "/"))
  }

  @Test("Windows line ends and a file without an end are read; a file without limit is not")
  func bounds() throws {
    let windows = UserDatabase(passwd: "a:x:1:2::/a:/bin/sh\r\nb:x:3:4::/b", group: "g:x:9:a,b\r\n")
    #expect(
      try windows.resolve(user: 1, username: "", imageUser: "", group: nil, supplementalGroups: [], strict: false)
        == ResolvedIdentity(uid: 1, gid: 2, groups: [2, 9], home: "/a"))
    #expect(
      try windows.resolve(user: nil, username: "b", imageUser: "", group: nil, supplementalGroups: [], strict: false)
        == ResolvedIdentity(uid: 3, gid: 4, groups: [4, 9], home: "/b"))
    let long = UserDatabase(passwd: String(repeating: "x\n", count: 70000) + "late:x:1:1::/:\n", group: nil)
    #expect(throws: LinuxRuntimeError.self) {
      try long.resolve(user: nil, username: "late", imageUser: "", group: nil, supplementalGroups: [], strict: false)
    }
  }
}
