import Foundation

/// Standard error: what goes on is not part of the result.
enum Progress {
    static func say(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
