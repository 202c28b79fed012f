// swift-tools-version: 6.2
// Swiftlet: a Kubernetes node agent and container runtime. See docs/architecture.md for the targets and their direction.
import Foundation
import PackageDescription

/// The toolchain's root (the directory that holds `usr`), found through `swiftc` on PATH: podshim links the
/// Embedded Swift Unicode tables that ship with the compiler.
let toolchain: String = {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
  for directory in path.split(separator: ":") {
    let compiler = URL(fileURLWithPath: "\(directory)/swiftc")
    if FileManager.default.isExecutableFile(atPath: compiler.path) {
      return compiler.resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().path
    }
  }
  return "/usr"
}()
#if arch(arm64)
  let machine = "aarch64"
#else
  let machine = "x86_64"
#endif
let embeddedLibraries = "\(toolchain)/lib/swift/embedded/\(machine)-unknown-linux-gnu"
let musl = "/usr/lib/\(machine)-linux-musl"

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
/// Generated code: current language mode, no lint.
let generated: [SwiftSetting] = [.swiftLanguageMode(.v6)]
/// podshim and its copy of ShimCore: Embedded Swift, whole module, smallest code.
let embedded: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .enableExperimentalFeature("Embedded"),
  .unsafeFlags(["-wmo", "-Osize", "-Xfrontend", "-disable-stack-protector", "-no-static-stdlib"]),
]
/// A static executable against musl (Debian's musl-tools): 396 KB in all, most pages shared between pods.
let staticMusl: [LinkerSetting] = [
  .unsafeFlags([
    "-no-static-stdlib", "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-static",
    "-Xlinker", "--gc-sections", "-Xlinker", "-s", "\(musl)/crt1.o",
    "-L\(embeddedLibraries)", "-lswiftUnicodeDataTables", "-Xlinker", "\(musl)/libc.a",
  ])
]
/// libarchive as an archive of objects, of which the tar reader and four filters are taken: the shared library brings 20 others along
/// (XML, ICU, C++), which a process that lives for one layer would load each time.
let archiveParsers: [LinkerSetting] = [
  .unsafeFlags(["-Xlinker", "-l:libarchive.a"]), .linkedLibrary("z"), .linkedLibrary("zstd"), .linkedLibrary("lzma"),
  .linkedLibrary("bz2"),
]
let smallC: [CSetting] = [.unsafeFlags(["-Os", "-ffunction-sections", "-fno-stack-protector", "-U_FORTIFY_SOURCE"])]

/// podshim is a static program without a run-time library: it cannot be built with a sanitizer (`make tsan` leaves it out).
let isSanitized = Context.environment["SWIFTLET_SANITIZED"] != nil

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
  name: "swiftlet",
  products: [
    .executable(name: "swiftlet", targets: ["swiftlet"]),
    .executable(name: "swiftctl", targets: ["swiftctl"]),
    .executable(name: "podshim", targets: ["podshim"]),
    .executable(name: "unpacker", targets: ["unpacker"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.36.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // C and system libraries
    .target(name: "CLinux", cSettings: smallC),
    .systemLibrary(name: "CLibSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(name: "CLibCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
    .systemLibrary(name: "CLibArchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CLibCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),

    // Foundations
    .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: strict),
    .target(name: "Cgroups", dependencies: ["LinuxSystem"], swiftSettings: strict),
    .target(name: "Netlink", dependencies: ["LinuxSystem"], swiftSettings: strict),
    .target(
      name: "OCISpec", dependencies: ["CLibCrypto"], swiftSettings: strict,
      // From the archive: see CLibCrypto/shim.h.
      linkerSettings: [.unsafeFlags(["-Xlinker", "-l:libcrypto.a"])]),
    .target(name: "Store", dependencies: ["LinuxSystem", "CSQLite"], swiftSettings: strict),
    .target(name: "RuntimeAPI", swiftSettings: strict),
    .target(name: "YAML", dependencies: ["CLibYAML"], swiftSettings: strict),
    .target(name: "KubeModel", dependencies: ["YAML"], swiftSettings: strict),

    // The per-pod process
    .target(name: "ShimCore", dependencies: ["CLinux"], swiftSettings: strict),
    .target(name: "ShimCoreEmbedded", dependencies: ["CLinux"], swiftSettings: embedded),
    .executableTarget(
      name: "podshim", dependencies: ["ShimCoreEmbedded", "CLinux"], swiftSettings: embedded, linkerSettings: staticMusl),

    // The sealed program that parses image archives
    .target(name: "UnpackProtocol", swiftSettings: strict),
    .target(
      name: "Unpacking", dependencies: ["UnpackProtocol", "LinuxSystem", "CLinux", "CLibArchive"], swiftSettings: strict,
      linkerSettings: archiveParsers),
    .executableTarget(
      name: "unpacker", dependencies: ["Unpacking", "UnpackProtocol", "LinuxSystem", "CLinux"], swiftSettings: strict),

    // The runtime
    .target(
      name: "LinuxRuntime", dependencies: ["ShimCore", "OCISpec", "LinuxSystem", "CLibSeccomp", "CLibCap"],
      swiftSettings: strict),
    .target(
      name: "Images", dependencies: ["OCISpec", "LinuxSystem", "Store", "UnpackProtocol", "CLinux", "Registry"],
      swiftSettings: strict),
    .target(
      name: "Registry", dependencies: ["OCISpec", "LinuxSystem", nioCore, nioPosix, nioHTTP1, nioSSL], swiftSettings: strict),
    .target(name: "CNI", dependencies: ["LinuxSystem"], swiftSettings: strict),
    .target(name: "PodNetwork", dependencies: ["CNI", "Netlink", "LinuxSystem", "Store"], swiftSettings: strict),
    .target(
      name: "PodRuntime",
      dependencies: [
        "RuntimeAPI", "CRIMapping", "YAML", "LinuxRuntime", "Images", "PodNetwork", "ShimCore", "Cgroups", "OCISpec", "LinuxSystem",
        "Store", log,
      ],
      swiftSettings: strict),

    // The CRI
    .target(
      name: "GRPCTransport", dependencies: ["LinuxSystem", nioCore, nioPosix, nioHTTP2, nioHPACK, protobuf], swiftSettings: strict),
    .target(
      name: "Streaming", dependencies: ["LinuxSystem", "CLibCrypto", "CZlib", nioCore, nioPosix], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-Xlinker", "-l:libcrypto.a", "-Xlinker", "-l:libz.a"])]),
    .target(name: "CRIProto", dependencies: [protobuf], swiftSettings: generated),
    .target(name: "CRIMapping", dependencies: ["RuntimeAPI", "CRIProto", protobuf], swiftSettings: strict),
    .target(
      name: "CRIService", dependencies: ["RuntimeAPI", "CRIProto", "CRIMapping", "GRPCTransport", protobuf, log],
      swiftSettings: strict),
    .target(
      name: "CRIClient", dependencies: ["RuntimeAPI", "CRIProto", "CRIMapping", "GRPCTransport", protobuf], swiftSettings: strict),

    // The kubelet
    .target(
      name: "Kubelet",
      dependencies: [
        "RuntimeAPI", "KubeModel", "Cgroups", "LinuxSystem", "Netlink", "Store", "CZlib", nioCore, nioPosix, nioHTTP1, nioHTTP2,
        nioHPACK, nioSSL, log,
      ],
      swiftSettings: strict, linkerSettings: [.unsafeFlags(["-Xlinker", "-l:libz.a"])]),
    .target(
      name: "KubeletServer", dependencies: ["KubeModel", nioCore, nioPosix, nioHTTP1, log], swiftSettings: strict),

    // Programs
    .executableTarget(
      name: "swiftlet",
      dependencies: [
        "PodRuntime", "CRIService", "CRIClient", "GRPCTransport", "Kubelet", "KubeletServer", "Images", "Registry", "PodNetwork",
        "Store", "Streaming", "LinuxSystem",
        "Cgroups", "KubeModel", "RuntimeAPI", "YAML", nioCore, nioPosix, nioSSL, argumentParser, log,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "swiftctl", dependencies: ["CRIClient", "CRIWork", "RuntimeAPI", "YAML", "LinuxSystem", "Streaming", argumentParser],
      swiftSettings: strict),
    .target(name: "CRIWork", dependencies: ["CRIClient", "RuntimeAPI", "LinuxSystem"], swiftSettings: strict),
    .executableTarget(
      name: "cri-bench", dependencies: ["CRIWork", "CRIClient", "RuntimeAPI", "LinuxSystem", nioCore, nioPosix],
      path: "Benchmarks/cri-bench",
      swiftSettings: strict),

    // What tests share; AgentSupport starts the real agent
    .target(name: "TestSupport", dependencies: ["RuntimeAPI", "LinuxSystem"], path: "Tests/TestSupport", swiftSettings: strict),
    .target(
      name: "AgentSupport",
      dependencies: ["TestSupport", "CRIClient", "RuntimeAPI", "KubeModel", "LinuxSystem", "Netlink", "Store"],
      path: "Tests/AgentSupport", swiftSettings: strict),

    .target(name: "RPCSupport", dependencies: ["GRPCTransport", protobuf], path: "Tests/RPCSupport", swiftSettings: strict),
    .target(
      name: "RegistrySupport", dependencies: [nioCore, nioPosix, nioHTTP1], path: "Tests/RegistrySupport", swiftSettings: strict),

    // Unit tests: no root, milliseconds
    .testTarget(name: "KubeModelTests", dependencies: ["KubeModel"], resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "KubeletTests",
      dependencies: [
        "TestSupport", "Kubelet", "RuntimeAPI", "KubeModel", "LinuxSystem", "Cgroups", "Store", nioCore, nioPosix, nioHTTP1,
        nioHTTP2, nioHPACK,
        nioSSL, log,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "KubeletServerTests", dependencies: ["TestSupport", "KubeletServer", "Kubelet", "KubeModel", nioCore, nioPosix, log],
      swiftSettings: strict),
    .testTarget(
      name: "SwiftletTests",
      dependencies: [
        "TestSupport", "swiftlet", "Kubelet", "KubeModel", "CRIService", "RuntimeAPI", "Store", "LinuxSystem", nioPosix,
        argumentParser, log,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SwiftctlTests", dependencies: ["TestSupport", "swiftctl", "CRIWork", "RuntimeAPI", "YAML", argumentParser],
      swiftSettings: strict),
    .testTarget(
      name: "GRPCTransportTests",
      dependencies: ["TestSupport", "RPCSupport", "GRPCTransport", "LinuxSystem", nioCore, nioEmbedded, nioPosix, protobuf],
      swiftSettings: strict),
    .testTarget(
      name: "StreamingTests", dependencies: ["TestSupport", "Streaming", "LinuxSystem", nioCore, nioPosix], swiftSettings: strict),
    .testTarget(name: "LinuxSystemTests", dependencies: ["TestSupport", "LinuxSystem", "CLinux"], swiftSettings: strict),
    .testTarget(name: "StoreTests", dependencies: ["Store", "CSQLite", "LinuxSystem"], swiftSettings: strict),
    .testTarget(name: "ShimCoreTests", dependencies: ["ShimCore"], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(name: "CgroupsTests", dependencies: ["Cgroups"], swiftSettings: strict),
    .testTarget(name: "NetlinkTests", dependencies: ["Netlink"], swiftSettings: strict),
    .testTarget(
      name: "PodNetworkTests", dependencies: ["TestSupport", "PodNetwork", "CNI", "Netlink", "Store", "LinuxSystem"],
      swiftSettings: strict),
    .testTarget(name: "CNITests", dependencies: ["TestSupport", "CNI", "LinuxSystem"], swiftSettings: strict),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "UnpackProtocol", "OCISpec"], swiftSettings: strict),
    .testTarget(
      name: "RegistryTests", dependencies: ["TestSupport", "RegistrySupport", "Registry", "OCISpec", "LinuxSystem", nioHTTP1],
      swiftSettings: strict),
    .testTarget(
      name: "LinuxRuntimeTests", dependencies: ["LinuxRuntime", "OCISpec", "ShimCore"], exclude: ["Fixtures"],
      swiftSettings: strict),
    .testTarget(name: "OCISpecTests", dependencies: ["OCISpec"], swiftSettings: strict),
    .testTarget(
      name: "PodRuntimeTests",
      dependencies: [
        "TestSupport", "PodRuntime", "RuntimeAPI", "CRIMapping", "ShimCore", "LinuxSystem", "LinuxRuntime", "OCISpec", "Store",
        "Images", "PodNetwork", "Cgroups", log,
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "CRIMappingTests", dependencies: ["CRIMapping", "CRIProto", "RuntimeAPI", protobuf], swiftSettings: strict),
    .testTarget(
      name: "CRIServiceTests",
      dependencies: [
        "TestSupport", "RPCSupport", "CRIService", "CRIClient", "CRIMapping", "CRIProto", "GRPCTransport", "RuntimeAPI", log,
        protobuf,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "CNI", "TestSupport", "RPCSupport", "ShimCore", "PodRuntime", "Netlink", "KubeModel", "Images", "GRPCTransport",
        "Streaming",
        "LinuxSystem", nioCore, protobuf,
      ],
      swiftSettings: strict),
    // Integration tests: root, the real kernel, one at a time
    .testTarget(
      name: "IntegrationAgent",
      dependencies: [
        "AgentSupport", "TestSupport", "RegistrySupport", "CRIClient", "CRIService", "RuntimeAPI", "KubeModel", "LinuxSystem",
        "Netlink",
        "Store", log,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "IntegrationRuntime",
      dependencies: [
        "TestSupport", "PodRuntime", "ShimCore", "PodNetwork", "Images", "Cgroups", "CLinux", "Netlink", "LinuxSystem",
        "RuntimeAPI", "Store",
        "CRIService", "CRIClient", "GRPCTransport", "Kubelet", "KubeModel", log,
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "IntegrationCRI",
      dependencies: ["AgentSupport", "TestSupport", "CRIClient", "RuntimeAPI", "Streaming", "LinuxSystem", "Netlink"],
      swiftSettings: strict),
    .testTarget(name: "IntegrationCgroups", dependencies: ["TestSupport", "Cgroups", "LinuxSystem"], swiftSettings: strict),
    .testTarget(
      name: "IntegrationImages",
      dependencies: [
        "TestSupport", "RegistrySupport", "Images", "Registry", "UnpackProtocol", "OCISpec", "LinuxSystem", "Store", "CLinux",
      ],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "IntegrationNetwork", dependencies: ["TestSupport", "PodNetwork", "Netlink", "LinuxSystem", "Store"],
      swiftSettings: strict),
    .testTarget(
      name: "IntegrationShim", dependencies: ["TestSupport", "ShimCore", "LinuxSystem", "CLinux"], swiftSettings: strict),

    // Node tests: the whole agent on a virtual node with every cgroup v2 controller
    .testTarget(
      name: "NodeTests", dependencies: ["AgentSupport", "TestSupport", "CRIClient", "RuntimeAPI"], swiftSettings: strict),
  ]
)

if isSanitized {
  package.targets.removeAll { $0.name == "podshim" }
  package.products.removeAll { $0.name == "podshim" }
}
