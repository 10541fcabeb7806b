import Glibc

/// A server that listens, from its start to its checked end.
struct RunningServer {
    let name: String
    let mode: String
    let process: ChildProcess
    let port: Int

    private static let patience = 10.0

    init(_ participant: Participant, mode: String, pinning: ProcessorPinning) throws(Failure) {
        let name = participant.name
        let process = try pinning.on(pinning.serverProcessor) { () throws(Failure) in
            try ChildProcess(path: participant.path, arguments: participant.arguments(mode: mode))
        }
        let greeting = process.readLine(within: Self.patience)
        let prefix = "listening on "
        guard let greeting, greeting.hasPrefix(prefix),
            let port = Int(greeting.dropFirst(prefix.count))
        else {
            let said = greeting.map { "said '\($0)'" } ?? "did not say that it listens"
            let ending = process.ending(within: 0.5)
            if ending == nil { process.signal(SIGKILL) }
            let end = ending.map { " and \($0.description)" } ?? ""
            throw Failure(message: "server \(name) (\(mode)) \(said)\(end)")
        }
        self.name = name
        self.mode = mode
        self.process = process
        self.port = port
    }

    /// A server that cannot end cleanly has a bug, so its figures are not reported.
    func stop() throws(Failure) {
        process.signal(SIGTERM)
        guard let ending = process.ending(within: Self.patience) else {
            process.signal(SIGKILL)
            throw Failure(
                message: "server \(name) (\(mode)) still runs \(Self.patience) s "
                    + "after SIGTERM")
        }
        guard ending == .exited(0) else {
            throw Failure(
                message: "server \(name) (\(mode)) \(ending.description) on SIGTERM")
        }
    }

    /// Why the load generator may have failed, if it was the server's end.
    func unexpectedEnd() -> String? {
        guard let ending = process.ending(within: 0.5) else { return nil }
        return "server \(name) (\(mode)) \(ending.description)"
    }
}
