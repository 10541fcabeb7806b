/// A terminal for tasks, in one direction: a stream of its bytes, its mode and its size.
///
/// Made by ``EventLoop/openTerminal(_:_:file:line:)``. ``stream`` ends when the terminal hangs up;
/// as with every stream, one that nobody refers to any more is aborted, and the terminal has its
/// normal mode again. An input refuses to send, an output receives nil at once.
public final class Terminal: Sendable {
    /// The bytes: those that are typed, or those that are shown.
    public let stream: SocketStream
    /// The loop that the terminal lives on.
    public var loop: EventLoop { stream.loop }

    init(_ stream: SocketStream) { self.stream = stream }

    /// Changes how the terminal treats what is typed and written; see
    /// ``Transport/setTerminalMode(_:)``, also for when it ends.
    ///
    /// Binds `uv_tty_set_mode`.
    ///
    /// - Throws: ``UVError``; ``StreamError/closed``, `CancellationError`.
    public nonisolated(nonsending) func setMode(_ mode: TerminalMode) async throws {
        try await stream.withTransport { try $0.setTerminalMode(mode) }
    }

    /// The size now. Binds `uv_tty_get_winsize`.
    ///
    /// - Throws: ``UVError``; ``StreamError/closed``, `CancellationError`.
    public nonisolated(nonsending) func size() async throws -> TerminalSize {
        try await stream.withTransport { try $0.terminalSize }
    }

    /// The size now, and each size that it gets from then on.
    public var sizes: Sizes { Sizes(terminal: self) }

    /// Closes the stream, after what was sent has gone; the terminal has its normal mode again. The
    /// descriptor stays open.
    ///
    /// - Throws: as ``SocketStream/close()``.
    public nonisolated(nonsending) func close() async throws { try await stream.close() }

    /// The sizes of a terminal: nothing is buffered, who is slow gets the last one.
    ///
    /// Ends when the loop closes and when the task is cancelled; if the terminal is closed, with
    /// the next change.
    public struct Sizes: AsyncSequence, Sendable {
        let terminal: Terminal

        /// Waits until the size is another than the one before.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let terminal: Terminal
            private var last: TerminalSize?

            init(_ terminal: Terminal) { self.terminal = terminal }

            /// The next size.
            public mutating func next() async throws -> TerminalSize? {
                try await next(isolation: nil)
            }

            /// The next size.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws -> TerminalSize? {
                do {
                    last = try await terminal.size(after: last)
                    return last
                } catch is CancellationError {
                    return nil
                } catch EventLoopError.closed {
                    return nil
                } catch StreamError.closed {
                    return nil
                }
            }
        }

        /// Iterates from the size that the terminal has.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(terminal) }
    }

    /// Waits for a size other than the last one.
    private nonisolated(nonsending) func size(
        after last: TerminalSize?
    ) async throws -> TerminalSize {
        guard loop.isHome() else {
            return try await loop.visit { try await self.size(after: last) }
        }
        let now = try await size()
        guard now == last else { return now }
        let room = WaitingRoom()
        // Before the next look, so that no change is missed.
        let watch = try TerminalSizeWatch(loop) { [loop] _ in room.wake(loop.core) }
        defer { watch.close() }
        while true {
            let now = try await size()
            guard now == last else { return now }
            if await room.wait(on: loop) == .cancelled { throw CancellationError() }
            if loop.core.isClosing { throw EventLoopError.closed }
        }
    }
}
