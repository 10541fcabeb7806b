// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "UVLoop", path: "..")
    ],
    targets: [
        .executableTarget(
            name: "CServer",
            dependencies: [.product(name: "CUV", package: "UVLoop")]
        ),
        .executableTarget(name: "EpollServer"),
        .executableTarget(name: "NativeServer"),
        .executableTarget(name: "LoadGenerator"),
        .executableTarget(
            name: "BenchServer",
            dependencies: [.product(name: "UVLoop", package: "UVLoop")]
        ),
        .executableTarget(
            name: "MicroBench",
            dependencies: [
                .product(name: "UVLoop", package: "UVLoop"),
                .product(name: "CUV", package: "UVLoop"),
            ]
        ),
        .executableTarget(
            name: "GuardWork",
            dependencies: [.product(name: "UVLoop", package: "UVLoop")]
        ),
        .target(name: "CAffinity"),
        .target(name: "Report"),
        .executableTarget(name: "Compare", dependencies: ["CAffinity", "Report"]),
        .testTarget(name: "ReportTests", dependencies: ["Report"]),
        .testTarget(name: "LoadGeneratorTests"),
    ],
    swiftLanguageModes: [.v6]
)
