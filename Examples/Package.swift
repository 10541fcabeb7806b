// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func example(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["ExampleSupport", .product(name: "UVLoop", package: "UVLoop")],
        swiftSettings: settings
    )
}

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "UVLoop", path: "..")
    ],
    targets: [
        .target(
            name: "ExampleSupport",
            dependencies: [
                .product(name: "UVLoop", package: "UVLoop")
            ],
            swiftSettings: settings
        ),
        example("echo"),
        example("chat"),
        example("clock"),
        example("stream-echo"),
        example("lines"),
        example("fetch"),
        example("proxy"),
        example("status"),
        example("tail"),
        example("grep"),
        example("supervise"),
        example("keys"),
    ],
    swiftLanguageModes: [.v6]
)
