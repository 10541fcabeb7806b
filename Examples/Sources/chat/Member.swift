import UVLoop

/// One connection: a guest who is asked for a name, then a member of the room.
final class Member: PlainProtocol {
    static let longestLine = 400

    private let room: Room
    private var name: String?
    private unowned var transport: Transport!
    private var splitter = LineSplitter(limit: longestLine)
    private var isPaused = false
    private var missedCount = 0

    init(_ room: Room) { self.room = room }

    func connectionMade(_ transport: Transport) {
        self.transport = transport
        send("Welcome. What is your name?")
    }

    func dataReceived(_ data: RawSpan) {
        for byte in [UInt8](data) {
            switch splitter.take(byte) {
            case .line(let line): received(line)
            case .tooLong: send("! refused: a line has at most \(Self.longestLine) bytes")
            case nil: break
            }
            // A line may have ended the connection.
            if transport.isClosed { return }
        }
    }

    func connectionLost(_ error: (any Error)?) { leave() }

    private func leave() {
        guard let name else { return }
        self.name = nil
        room.leave(name)
    }

    private func received(_ line: String) {
        guard let name else { return introduce(line) }
        switch line {
        case "": break
        case "/quit":
            send("Bye.")
            // Not only in `connectionLost`: closing waits for the other side to close, too.
            leave()
            transport.close()
        default: room.tell("\(name): \(line)", except: self)
        }
    }

    private func introduce(_ wanted: String) {
        let isName =
            (1...16).contains(wanted.count) && wanted.allSatisfy { $0.isLetter || $0.isNumber }
        guard isName else { return send("! a name is 1 to 16 letters and digits") }
        let others = room.names
        guard room.enter(self, as: wanted) else { return send("! that name is taken") }
        name = wanted
        send("* here: \(others.isEmpty ? "nobody else" : others.joined(separator: ", "))")
    }

    // MARK: Sending

    /// Sends a line, unless more than enough waits for this member already: a member who does not
    /// read misses lines, and costs the server no more memory than the high-water mark and a line.
    func send(_ line: String) {
        // Whose connection has just ended is in the room until `connectionLost`.
        guard !transport.isClosed else { return }
        guard !isPaused else {
            missedCount += 1
            return
        }
        // Open, and `writeEOF` is never called: this cannot be refused.
        try? transport.write(line + "\n")
    }

    func pauseWriting() { isPaused = true }

    func resumeWriting() {
        isPaused = false
        guard missedCount > 0 else { return }
        let count = missedCount
        missedCount = 0
        send("! \(count) lines missed")
    }
}
