extension EventLoop {
    /// Waits until a descriptor that is yours can be read, or has come to its end; see
    /// ``RawDescriptor/wait(for:timeout:)``.
    ///
    /// Binds `uv_poll_t`.
    public nonisolated(nonsending) func waitUntilReadable(
        _ descriptor: Int32, timeout: Duration? = nil
    ) async throws {
        try await RawDescriptor(descriptor, on: self).wait(for: .readable, timeout: timeout)
    }

    /// Waits until a descriptor that is yours can be written; see
    /// ``RawDescriptor/wait(for:timeout:)``.
    ///
    /// Binds `uv_poll_t`.
    public nonisolated(nonsending) func waitUntilWritable(
        _ descriptor: Int32, timeout: Duration? = nil
    ) async throws {
        try await RawDescriptor(descriptor, on: self).wait(for: .writable, timeout: timeout)
    }

    /// Suspends the calling task, on the loop's thread, until a descriptor is ready.
    nonisolated(nonsending) func wait(
        for events: Poll.Events, of descriptor: Int32, until deadline: Instant?
    ) async throws -> Poll.Events {
        try checkCancellation()
        guard !core.isClosing else { throw EventLoopError.closed }
        try core.checkNotOwned(descriptor)
        let place = SourcePlace(file: #fileID, line: #line)
        let poll = try Poll(self, duplicating: descriptor, place)
        defer { poll.close() }
        let room = WaitingRoom()
        var found: Result<Poll.Events, UVError>?
        poll.start(events, once: true) { result in
            found = result
            room.wake(poll.loop.core)
        }
        while true {
            let outcome = await room.wait(on: self, until: deadline)
            if let found {
                if case .success(let events) = found { return events }
                // The loop closes. Its own tasks are cancelled then, and hear of that.
                try checkCancellation()
                throw EventLoopError.closed
            }
            switch outcome {
            case .woken: break
            case .cancelled: throw CancellationError()
            case .timedOut: throw EventLoopError.timedOut
            }
        }
    }
}
