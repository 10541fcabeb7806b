import UVLoop

/// A terminal for as long as somebody presses keys on it.
struct Session {
    private let keyboard: Terminal
    private let screen: Terminal

    /// Opens both directions of the terminal: standard input and standard output.
    nonisolated(nonsending) init(on loop: EventLoop) async throws {
        keyboard = try await loop.openTerminal(0, .input)
        screen = try await loop.openTerminal(1, .output)
    }

    /// Returns when it is to end. When the terminals are closed, this one is as it was; that also
    /// holds when nobody refers to them any more, and when the process exits.
    nonisolated(nonsending) func run() async throws {
        // Each key at once, and none of them a signal: so Ctrl-C is for this program to heed.
        try await keyboard.setMode(.raw)
        try await show()
        try await keyboard.close()
        try await screen.close()
    }

    /// Two tasks bring what there is to say; it is said here, because a stream has one sender.
    private nonisolated(nonsending) func show() async throws {
        try await withThrowingTaskGroup(of: Void.self) { [keyboard, screen] group in
            let (lines, source) = AsyncStream.makeStream(of: String.self)
            group.addTask {
                for try await size in screen.sizes {
                    source.yield("\(size.columns) x \(size.rows)")
                }
            }
            group.addTask {
                defer { source.finish() }
                for try await bytes in keyboard.stream {
                    for key in Key.all(in: bytes) {
                        if key.isEnd { return }
                        source.yield("\(key)")
                    }
                }
            }
            for await line in lines { try await screen.stream.send("\(line)\n") }
            group.cancelAll()
        }
    }
}
