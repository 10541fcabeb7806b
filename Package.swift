// swift-tools-version: 6.3
import PackageDescription

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
        .library(name: "UVLoopLogging", targets: ["UVLoopLogging"]),
        .library(name: "UVLoopMetrics", targets: ["UVLoopMetrics"]),
        .library(name: "UVLoopServices", targets: ["UVLoopServices"]),
    ],
    // Each brings one dependency, which nobody fetches who does not ask for it: not even here.
    // A product without its trait is empty.
    traits: [
        .trait(name: "Logging", description: "UVLoopLogging: reports to swift-log."),
        .trait(name: "Metrics", description: "UVLoopMetrics: what loops do, to swift-metrics."),
        .trait(
            name: "ServiceLifecycle",
            description: "UVLoopServices: listeners as services of swift-service-lifecycle."),
        .default(enabledTraits: []),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CUV",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]
        ),
        .target(name: "UVLoop", dependencies: ["CUV"]),
        .target(
            name: "UVLoopAutoInstall",
            dependencies: ["UVLoop", "CUVLoopAutoInstall"]
        ),
        .target(name: "CUVLoopAutoInstall"),
        .target(name: "UVLoopFoundation", dependencies: ["UVLoop"]),
        .target(
            name: "StreamConformance",
            dependencies: ["UVLoop"]
        ),
        .target(
            name: "UVLoopLogging",
            dependencies: [
                "UVLoop",
                .product(
                    name: "Logging", package: "swift-log", condition: .when(traits: ["Logging"])),
            ]
        ),
        .target(
            name: "UVLoopMetrics",
            dependencies: [
                "UVLoop",
                .product(
                    name: "Metrics", package: "swift-metrics",
                    condition: .when(traits: ["Metrics"])),
            ]
        ),
        .target(
            name: "UVLoopServices",
            dependencies: [
                "UVLoop",
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle",
                    condition: .when(traits: ["ServiceLifecycle"])),
            ]
        ),
        .testTarget(
            name: "UVLoopTests",
            dependencies: ["UVLoop", "UVLoopFoundation", "CUV", "StreamConformance"]
        ),
        .target(
            name: "ProbeChecks",
            dependencies: ["UVLoop", "UVLoopFoundation", "CUV"],
            path: "Tests/Probes/Checks"
        ),
    ]
        + probes.map {
            .executableTarget(
                name: $0,
                dependencies: [
                    "ProbeChecks", $0 == "ProbeAutoInstall" ? "UVLoopAutoInstall" : "UVLoop",
                ],
                path: "Tests/Probes/" + $0.dropFirst("Probe".count)
            )
        },
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [.treatAllWarnings(as: .error)]
}
