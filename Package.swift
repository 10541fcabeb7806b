// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "UVLoop",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "UVLoop", targets: ["UVLoop"]),
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
            name: "StreamConformance",
            dependencies: ["UVLoop"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "UVLoopTests",
            dependencies: ["UVLoop", "CUV", "StreamConformance"],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
