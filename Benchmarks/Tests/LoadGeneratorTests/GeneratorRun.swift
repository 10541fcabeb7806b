import Foundation

/// One run of the load generator that was built with these tests.
struct GeneratorRun {
    let status: Int32
    let output: String
    let complaint: String

    init(port: UInt16, _ arguments: [String]) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent("LoadGenerator")
        process.arguments =
            ["--port", "\(port)", "--warmup", "0.05", "--seconds", "0.2"] + arguments
        let (output, complaint) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = complaint
        try process.run()
        // Both are short: neither pipe fills while the other is read.
        self.output = Self.text(output)
        self.complaint = Self.text(complaint)
        process.waitUntilExit()
        status = process.terminationStatus
    }

    private static func text(_ pipe: Pipe) -> String {
        String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
}
