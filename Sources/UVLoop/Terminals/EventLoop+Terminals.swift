import CUV

extension EventLoop {
    /// Makes a transport of a terminal, in one direction.
    ///
    /// The descriptor stays the caller's: libuv opens the terminal anew, by its name, so that other
    /// processes which share the descriptor do not find it non-blocking. Afterwards the descriptor
    /// stands for the newly opened terminal. Closing the transport gives the terminal its normal
    /// mode again, see ``Transport/setTerminalMode(_:)``.
    ///
    /// Binds `uv_tty_init`.
    ///
    /// - Throws: ``UVError/inappropriateFileType`` for what is no terminal;
    ///   ``UVError/badFileDescriptor``, also for one that is not open in that direction.
    @discardableResult
    public nonisolated func openTerminal(
        _ descriptor: Int32, _ direction: TerminalDirection, file: StaticString = #fileID,
        line: UInt = #line, _ newProtocol: some BufferedProtocol
    ) throws(UVError) -> Transport {
        try openTerminal(
            descriptor, direction, ProtocolReference(newProtocol),
            SourcePlace(file: file, line: line))
    }

    /// Makes a transport of a terminal, in one direction; as the form for buffered protocols.
    @discardableResult
    public nonisolated func openTerminal(
        _ descriptor: Int32, _ direction: TerminalDirection, file: StaticString = #fileID,
        line: UInt = #line, _ newProtocol: some PlainProtocol
    ) throws(UVError) -> Transport {
        try openTerminal(
            descriptor, direction, ProtocolReference(newProtocol),
            SourcePlace(file: file, line: line))
    }

    nonisolated func openTerminal(
        _ descriptor: Int32, _ direction: TerminalDirection, _ reference: ProtocolReference,
        _ place: SourcePlace
    ) throws(UVError) -> Transport {
        preconditionOnThread("openTerminal")
        let mode = try UVError.check(cuv_access_mode(descriptor))
        guard mode != (direction == .input ? O_WRONLY : O_RDONLY) else { throw .badFileDescriptor }
        guard DescriptorKind(descriptor) == .terminal else { throw .inappropriateFileType }
        let transport = try Transport(
            self, adopting: descriptor, reference, kind: .terminal,
            directions: direction.directions, peer: nil, madeAt: place)
        transport.begin()
        return transport
    }

    /// Opens a terminal for tasks, in one direction; from any task.
    ///
    /// ```swift
    /// let keys = try await loop.openTerminal(0, .input)
    /// try await keys.setMode(.raw)
    /// for try await bytes in keys.stream { handle(bytes) }
    /// ```
    ///
    /// As the form for protocols otherwise.
    ///
    /// Binds `uv_tty_init`.
    ///
    /// - Throws: as the form for protocols; `CancellationError`, ``EventLoopError/closed``.
    public nonisolated(nonsending) func openTerminal(
        _ descriptor: Int32, _ direction: TerminalDirection, file: StaticString = #fileID,
        line: UInt = #line
    ) async throws -> Terminal {
        guard isOnThread else {
            return try await visit {
                try await self.openTerminal(descriptor, direction, file: file, line: line)
            }
        }
        try checkCancellation()
        guard !core.isClosed else { throw EventLoopError.closed }
        let stream = StreamCore(on: core)
        let transport = try openTerminal(
            descriptor, direction, ProtocolReference(entry: core.streamEntry, object: stream),
            SourcePlace(file: file, line: line))
        return Terminal(SocketStream(stream, transport))
    }
}

extension Transport {
    /// Changes how the terminal behind the transport treats what is typed and written.
    ///
    /// It gets its normal mode back when the transport closes, when its loop does, and when the
    /// process ends by `exit` or by returning from `main`; not when a signal or a trap ends it: who
    /// wants that catches the signal and exits.
    ///
    /// Binds `uv_tty_set_mode`, `uv_tty_reset_mode`.
    ///
    /// - Throws: ``UVError/notSupported`` for what is no terminal; ``UVError/badFileDescriptor``
    ///   after the close; ``UVError/ioError`` if the terminal has gone.
    public func setTerminalMode(_ mode: TerminalMode) throws(UVError) {
        loop.assertOnThread()
        try checkTerminal()
        if mode != .normal { TerminalReset.atExit }
        try UVError.check(uv_tty_set_mode(tty, mode.libuv))
    }

    /// The size of the terminal behind the transport. Binds `uv_tty_get_winsize`.
    ///
    /// - Throws: as ``setTerminalMode(_:)``.
    public var terminalSize: TerminalSize {
        get throws(UVError) {
            loop.assertOnThread()
            try checkTerminal()
            var (columns, rows): (Int32, Int32) = (0, 0)
            try UVError.check(uv_tty_get_winsize(tty, &columns, &rows))
            return TerminalSize(columns: Int(columns), rows: Int(rows))
        }
    }

    private func checkTerminal() throws(UVError) {
        try checkOpen()
        guard kind == .terminal else { throw .notSupported }
    }

    private var tty: UnsafeMutablePointer<uv_tty_t> { memory(as: uv_tty_t.self) }

    /// Before the handle of a terminal is closed: libuv forgets what the mode was.
    func resetTerminalMode() {
        guard isOpen, kind == .terminal, tty.pointee.mode != 0 else { return }
        uv_tty_set_mode(tty, UV_TTY_MODE_NORMAL)
    }
}
