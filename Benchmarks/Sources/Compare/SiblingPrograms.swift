import Foundation

/// The other products of this package, which are built into the directory of this one.
enum SiblingPrograms {
    static func path(of name: String) throws(Failure) -> String {
        let path = URL(fileURLWithPath: try directory()).appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure(message: "\(name) is not built; run: swift build -c release")
        }
        return path
    }

    static func directory() throws(Failure) -> String {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else {
            throw Failure(message: "cannot find the directory of this program")
        }
        return URL(fileURLWithPath: own).deletingLastPathComponent().path
    }
}
