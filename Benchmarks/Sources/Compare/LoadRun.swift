import Foundation
import Report

/// One run of the load generator against one server.
struct LoadRun {
    let workload: Workload
    let server: RunningServer
    let seconds: Double
    /// Processes that share the connections.
    let workers: Int
    let verifies: Bool

    func measure(pinning: ProcessorPinning) throws(Failure) -> Sample {
        let path = try SiblingPrograms.path(of: "LoadGenerator")
        let arguments = workload.generatorArguments(
            port: server.port, server: server.process.id, seconds: seconds, workers: workers,
            verifies: verifies)
        let generator = try pinning.on(pinning.generatorProcessor) { () throws(Failure) in
            try ChildProcess(path: path, arguments: arguments)
        }
        // The generator bounds itself; this is for one that hangs nevertheless.
        let line = generator.readLine(within: seconds + 90)
        let ending = generator.ending(within: 5)
        guard let line, ending == .exited(0) else {
            let end = ending?.description ?? "did not end"
            throw Failure(
                message: server.unexpectedEnd()
                    ?? "load generator for \(workload.name) on \(server.name) \(end)")
        }
        do {
            return try JSONDecoder().decode(Sample.self, from: Data(line.utf8))
        } catch {
            throw Failure(message: "load generator said '\(line)': \(error)")
        }
    }
}
