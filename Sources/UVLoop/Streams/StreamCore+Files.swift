import CUV

// The way out of a file: from the disk to the socket, around the transport.
extension StreamCore {
    /// Which bytes of a file; counts and offsets are not negative.
    struct FilePart {
        /// Nil for the descriptor's own position.
        let offset: Int?
        /// Nil for as many as there are.
        let count: Int?

        /// - Throws: ``StreamError/invalidArgument``.
        init(from offset: Int?, count: Int?) throws(StreamError) {
            guard offset ?? 0 >= 0, count ?? 0 >= 0 else { throw .invalidArgument }
            self.offset = offset
            self.count = count
        }
    }

    /// Sends a part of the file that `open` begins to open, or has at hand.
    nonisolated(nonsending) func sendFile(
        _ part: FilePart, until deadline: EventLoop.Instant?, open: (FileSending) throws -> Void
    ) async throws -> Int {
        try checkCanSend()
        isSending = true
        defer { isSending = false }
        let sending = try FileSending(transport, waking: senderRoom)
        do {
            try open(sending)
            try await sendFile(sending, part, until: deadline)
        } catch {
            sending.abandon()
            if sending.sentCount > 0 { isCutOff = true }
            throw error
        }
        return sending.sentCount
    }

    private nonisolated(nonsending) func sendFile(
        _ sending: FileSending, _ part: FilePart, until deadline: EventLoop.Instant?
    ) async throws {
        if sending.isAtWork { _ = try await answer(sending, until: deadline).get() }
        try sending.inspect()
        _ = try await answer(sending, until: deadline).get()
        if sending.kind == .directory { throw UVError.isDirectory }
        let count = sending.available(of: part)
        try await waitUntilFlushed(until: deadline)
        var isDirect = sending.kind != .flowing
        while sending.sentCount < count {
            let left = count - sending.sentCount
            let offset = part.offset.map { $0 + sending.sentCount }
            let isMore =
                isDirect
                ? try await sendPiece(sending, left, offset, &isDirect, until: deadline)
                : try await copyPiece(sending, left, offset, until: deadline)
            if !isMore { break }
        }
    }

    /// Sends what the socket takes. False at the end of the file.
    private nonisolated(nonsending) func sendPiece(
        _ sending: FileSending, _ count: Int, _ offset: Int?, _ isPossible: inout Bool,
        until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        let count = min(count, FileSending.mostSent)
        try sending.send(count, from: offset)
        switch try await answer(sending, until: deadline) {
        case .success(0): return false
        case .success(let sent):
            if sent == count { return true }
        case .failure(.wouldBlock): break
        case .failure(let error):
            if sending.isConnectionOver(error) {
                transport.failWriting(error)
                try checkWritingOpen()
            }
            // Not every file can be sent. Reading it either can be done, or says what is wrong.
            isPossible = false
            return true
        }
        try sending.watchSocket()
        try await wait(until: deadline) { sending.isSocketReady }
        return true
    }

    /// Reads bytes and gives them to the transport. False at the end of the file.
    private nonisolated(nonsending) func copyPiece(
        _ sending: FileSending, _ count: Int, _ offset: Int?, until deadline: EventLoop.Instant?
    ) async throws -> Bool {
        try sending.watchFile()
        try await wait(until: deadline) { sending.isFileReady }
        try sending.read(min(count, FileSending.mostRead), from: offset)
        switch try await answer(sending, until: deadline) {
        case .success(0): return false
        case .success(let count): try sending.withBytes(count) { try transport.write($0) }
        case .failure(.wouldBlock) where sending.kind == .flowing: return true
        case .failure(let error): throw error
        }
        try checkWritingOpen()
        try await wait(until: deadline) { !isClogged }
        return true
    }

    // MARK: Waiting

    /// What the thread pool answers.
    private nonisolated(nonsending) func answer(
        _ sending: FileSending, until deadline: EventLoop.Instant?
    ) async throws -> Result<Int, UVError> {
        try await wait(until: deadline) { !sending.isAtWork }
        return sending.answer
    }

    /// Waits until the system has taken all that was sent before.
    private nonisolated(nonsending) func waitUntilFlushed(
        until deadline: EventLoop.Instant?
    ) async throws {
        let transport = transport
        guard !transport.hasSentAll else { return }
        transport.neededExtras.flushed = senderRoom
        defer { transport.extras?.flushed = nil }
        try await wait(until: deadline) { transport.hasSentAll }
    }

    /// Suspends the sender until something is so, or sending is over. To be cut off ends sending,
    /// as it does for other sends, also where nothing has gone: nobody can tell from outside.
    private nonisolated(nonsending) func wait(
        until deadline: EventLoop.Instant?, _ isSo: () -> Bool
    ) async throws {
        let room = senderRoom
        while !isSo() {
            switch await room.wait(on: loop, until: deadline) {
            case .woken: try checkWritingOpen()
            case .cancelled:
                isCutOff = true
                throw CancellationError()
            case .timedOut:
                isCutOff = true
                throw StreamError.timedOut
            }
        }
    }
}

extension FileSending {
    /// How many bytes of the part there are, as far as one can know.
    fileprivate func available(of part: StreamCore.FilePart) -> Int {
        let start = part.offset ?? position
        var count = min(part.count ?? .max, .max - start)
        if case .regular(let size) = kind, size > 0 { count = min(count, max(0, size - start)) }
        return count
    }
}
