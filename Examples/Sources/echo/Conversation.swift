import UVLoop

/// The async side of the client: sends a message and waits until all of it has come back.
///
/// The protocols below it hear callbacks, and this turns them into `await`: one continuation is
/// kept while a message is under way.
final class Conversation {
    private var message: [UInt8] = []
    private var matchedCount = 0
    private var waiting: CheckedContinuation<Void, any Error>?
    private var ending: Result<Void, any Error>?

    /// Sends the bytes; returns once the same bytes have come back.
    nonisolated(nonsending) func exchange(
        _ bytes: [UInt8], over transport: Transport
    ) async throws {
        guard !bytes.isEmpty else { return }
        message = bytes
        matchedCount = 0
        try transport.write(bytes)
        try await withCheckedThrowingContinuation { waiting = $0 }
    }

    /// Returns when the connection is gone; throws what it was lost by.
    nonisolated(nonsending) func end() async throws {
        guard ending == nil else { return try ending!.get() }
        try await withCheckedThrowingContinuation { waiting = $0 }
    }

    // MARK: Called by the protocols

    func received(_ bytes: UnsafeRawBufferPointer) throws {
        let expected = message[matchedCount...].prefix(bytes.count)
        guard bytes.elementsEqual(expected) else { throw WrongEcho(offset: matchedCount) }
        matchedCount += bytes.count
        if matchedCount == message.count { resume(.success(())) }
    }

    func ended(_ error: (any Error)?) {
        let isUnderWay = matchedCount < message.count
        let reason = error ?? (isUnderWay ? UVError.endOfFile : nil)
        ending = reason.map { .failure($0) } ?? .success(())
        resume(ending!)
    }

    private func resume(_ result: Result<Void, any Error>) {
        waiting?.resume(with: result)
        waiting = nil
    }
}

/// What came back is not what was sent.
struct WrongEcho: Error, CustomStringConvertible {
    let offset: Int
    var description: String { "wrong echo, in the bytes that follow offset \(offset)" }
}
