// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target of ours.
let swiftSettings: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
    .strictMemorySafety(),
]
/// `scripts/test` makes warnings errors; on a user's machine a newer dependency's deprecation must not stop the build.
let warningsAsErrors = Context.environment["REGISTRY_NDN_WERROR"] == "1"
let swift = swiftSettings + (warningsAsErrors ? [.treatAllWarnings(as: .error)] : [])
let c: [CSetting] =
    [.enableWarning("all"), .enableWarning("extra")] + (warningsAsErrors ? [.treatAllWarnings(as: .error)] : [])
/// What is linked into the released program is all there is: relative relocations packed (glibc 2.36; 1.5 MB less to read and
/// to keep), and no symbols for others (1.5 MB less).
let program: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--exclude-libs=ALL",
            "-Xlinker", "--no-export-dynamic",
        ], .when(platforms: [.linux], configuration: .release))
]

/// The folders of Sources/RegistryNDN, by target; scripts/lib/arrows.txt says which may know which.
let layers = [
    "NDN": ["System", "Wire", "Face", "Security", "NFD", "Fetch"],
    "NDNForwarder": ["Forwarder"],
    "RegistryNDN": ["Registry", "TLS", "Upstream", "Discovery", "Admin", "Server", "Client"],
]
/// What is not a target's own in the folder that they share; NDN's documentation lies there too.
func others(than target: String) -> [String] {
    layers.filter { $0.key != target }.flatMap(\.value).sorted() + (target == "NDN" ? [] : ["NDN.docc"])
}

let package = Package(
    name: "registry-ndn",
    products: [
        .library(name: "NDN", targets: ["NDN"]),
        .executable(name: "registry-ndn", targets: ["registry-ndn"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", .upToNextMinor(from: "2.101.2")),
        // For NIOHTTPCompression alone; what its other products need is fetched, and not built.
        .package(url: "https://github.com/apple/swift-nio-extras.git", .upToNextMinor(from: "1.35.2")),
        .package(url: "https://github.com/apple/swift-argument-parser.git", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-log.git", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-collections.git", .upToNextMinor(from: "1.6.0")),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", .upToNextMinor(from: "2.13.0")),
        // Without its default trait, which would bring Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", .upToNextMinor(from: "1.0.2"), traits: []),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // Named here too: without pkg-config on the machine, the system library's flags are not found.
        .target(
            name: "CNDNFast", dependencies: ["COpenSSL"], cSettings: c,
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // An NDN library of its own: packets, faces, keys, the management of forwarders, fetching.
        .target(
            name: "NDN",
            dependencies: [
                "CNDNFast",
                "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Sources/RegistryNDN",
            exclude: others(than: "NDN"),
            swiftSettings: swift),
        .target(
            name: "NDNForwarder",
            dependencies: [
                "NDN",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Sources/RegistryNDN",
            exclude: others(than: "NDNForwarder"),
            swiftSettings: swift),
        .target(
            name: "RegistryNDN",
            dependencies: [
                "NDN",
                "COpenSSL",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            path: "Sources/RegistryNDN",
            exclude: others(than: "RegistryNDN"),
            swiftSettings: swift),
        .executableTarget(
            name: "registry-ndn",
            dependencies: [
                "NDN",
                "NDNForwarder",
                "RegistryNDN",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Tools",
            swiftSettings: swift,
            linkerSettings: program,
            plugins: ["BuiltFrom"]),
        // What `--version` says beside the number.
        .plugin(name: "BuiltFrom", capability: .buildTool()),
        // The hot path alone, for scripts/bench and the thresholds of scripts/test; no part of the product.
        .executableTarget(
            name: "registry-ndn-micro",
            dependencies: [
                "NDN",
                "NDNForwarder",
                "RegistryNDN",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/Benchmarks/Micro",
            swiftSettings: swift),
        // The fetch engine in a simulated network: a few hundred runs with the unit tests, all of them by `simulate`,
        // which is built optimised.
        .target(
            name: "NDNSimulation",
            dependencies: [
                "NDN",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Tests/NDNSimulation",
            swiftSettings: swift),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "NDNSimulation",
                "NDN",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/Simulate",
            swiftSettings: swift),
        .testTarget(
            name: "RegistryNDNTests",
            dependencies: [
                "NDN",
                "NDNForwarder",
                "RegistryNDN",
                "NDNSimulation",
                "CNDNFast",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.copy("Resources")],
            swiftSettings: swift),
        .testTarget(
            name: "ToolsTests",
            dependencies: [
                "registry-ndn",
                "NDN",
                "RegistryNDN",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swift),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
