// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Programs that the tests run: one for each way to replace Swift's default loop. No dependencies
/// of the tests, which would link them, and with them the constructor that replaces it.
let probes = [
    "ProbeRunMain", "ProbeAsyncMain", "ProbeTopLevel", "ProbeAutoInstall", "ProbeGuest",
    "ProbeSoak",
]

let package = Package(
    name: "UVLoop",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "UVLoop", targets: ["UVLoop"]),
        .library(name: "UVLoopAutoInstall", targets: ["UVLoopAutoInstall"]),
        .library(name: "UVLoopFoundation", targets: ["UVLoopFoundation"]),
        .library(name: "CUV", targets: ["CUV"]),
        .library(name: "StreamConformance", targets: ["StreamConformance"]),
    ],
    targets: [
        .systemLibrary(
            name: "CUV",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]
        ),
        .target(name: "UVLoop", dependencies: ["CUV"], swiftSettings: settings),
        .target(
            name: "UVLoopAutoInstall",
            dependencies: ["UVLoop", "CUVLoopAutoInstall"],
            swiftSettings: settings
        ),
        .target(name: "CUVLoopAutoInstall"),
        .target(name: "UVLoopFoundation", dependencies: ["UVLoop"], swiftSettings: settings),
        .target(
            name: "StreamConformance",
            dependencies: ["UVLoop"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "UVLoopTests",
            dependencies: ["UVLoop", "UVLoopFoundation", "CUV", "StreamConformance"],
            swiftSettings: settings
        ),
        .target(
            name: "ProbeChecks",
            dependencies: ["UVLoop", "UVLoopFoundation", "CUV"],
            path: "Tests/Probes/Checks",
            swiftSettings: settings
        ),
    ]
        + probes.map {
            .executableTarget(
                name: $0,
                dependencies: [
                    "ProbeChecks", $0 == "ProbeAutoInstall" ? "UVLoopAutoInstall" : "UVLoop",
                ],
                path: "Tests/Probes/" + $0.dropFirst("Probe".count),
                swiftSettings: settings
            )
        },
    swiftLanguageModes: [.v6]
)
