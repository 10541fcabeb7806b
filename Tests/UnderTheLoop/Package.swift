// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Tests in a process whose default loop is replaced, because it links `UVLoopAutoInstall`: what
/// the users of that product have. A package of its own, because all tests of a package are one
/// process.
let package = Package(
    name: "UnderTheLoop",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "UVLoop", path: "../..")
    ],
    targets: [
        .testTarget(
            name: "XCTestTests",
            dependencies: [.product(name: "UVLoopAutoInstall", package: "UVLoop")],
            path: "XCTest",
            swiftSettings: settings
        ),
        .testTarget(
            name: "SwiftTestingTests",
            dependencies: [.product(name: "UVLoopAutoInstall", package: "UVLoop")],
            path: "SwiftTesting",
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
