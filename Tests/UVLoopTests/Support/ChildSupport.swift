import Glibc
import Testing

@testable import UVLoop

extension ProcessOptions {
    /// A script of the shell.
    static func shell(_ script: String, _ arguments: String...) -> ProcessOptions {
        ProcessOptions("sh", arguments: ["-c", script, "sh"] + arguments).alone
    }

    /// The same with all three standard descriptors as pipes.
    static func pipedShell(_ script: String, _ arguments: String...) -> ProcessOptions {
        var options = ProcessOptions("sh", arguments: ["-c", script, "sh"] + arguments).alone
        options.standardInput = .pipe
        options.standardOutput = .pipe
        options.standardError = .pipe
        return options
    }

    /// A program that lasts until it is ended.
    static var sleeping: ProcessOptions { ProcessOptions("sleep", "1000").alone }

    /// The same, without what the process has open for others to inherit: the pipes of exit tests,
    /// whose readers block a thread of Swift's pool until everybody has closed them.
    var alone: ProcessOptions {
        let highest = (3..<4_096).last { fcntl(Int32($0), F_GETFD) >= 0 } ?? 2
        var copy = self
        copy.extraDescriptors = Array(repeating: .descriptor(0), count: max(0, highest - 2))
        return copy
    }
}

extension SocketStream {
    /// What comes until the end.
    nonisolated(nonsending) func receiveAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes += chunk }
        return bytes
    }

    /// The same as text.
    nonisolated(nonsending) func receiveText() async throws -> String {
        String(decoding: try await receiveAll(), as: UTF8.self)
    }
}

/// Whether there is a process of this number, be it a zombie.
func isThere(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno != ESRCH }

/// The numbers of this process's children that have ended and that nobody has waited for, and of
/// those that run.
func children() -> (zombies: [Int32], running: [Int32]) {
    var result: (zombies: [Int32], running: [Int32]) = ([], [])
    guard let folder = opendir("/proc") else { return result }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
            String(cString: $0.baseAddress!.assumingMemoryBound(to: CChar.self))
        }
        guard let number = Int32(name) else { continue }
        let descriptor = open("/proc/\(number)/stat", O_RDONLY)
        guard descriptor >= 0 else { continue }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 1_024)
        let count = text.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { continue }
        // The name of the program, in parentheses, may contain anything.
        let fields = String(decoding: text[..<count], as: UTF8.self)
            .split(separator: ")").last!.split(separator: " ")
        guard Int32(fields[1]) == getpid() else { continue }
        if fields[0] == "Z" { result.zombies.append(number) } else { result.running.append(number) }
    }
    return result
}
