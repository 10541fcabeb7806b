/// What the thread pool answers to the task that waits for it. Belongs to the loop's thread.
final class FileAnswer<Value: Sendable> {
    private let operation: FileOperation<Value>
    private let loop: EventLoop
    private let room = WaitingRoom()
    private var result: Result<Value, UVError>?
    private var isAbandoned = false

    init(_ operation: FileOperation<Value>, _ loop: EventLoop) {
        self.operation = operation
        self.loop = loop
    }

    /// Begins the operation and suspends the calling task, which is at home on the loop.
    nonisolated(nonsending) func value() async throws -> Value {
        let request: any PoolRequest
        do throws(UVError) {
            request = try operation.start(on: loop) { [self] in arrived($0) }
        } catch {
            throw operation.error(error)
        }
        while result == nil {
            if await room.wait(on: loop) == .cancelled, result == nil {
                try await abandon(request)
            }
        }
        return try take()
    }

    private func arrived(_ result: Result<Value, UVError>) {
        if isAbandoned {
            if case .success(let value) = result { operation.discard?(value) }
        } else {
            self.result = result
            room.wake(loop.core)
        }
    }

    private nonisolated(nonsending) func abandon(_ request: any PoolRequest) async throws {
        isAbandoned = true
        if !request.cancel(), operation.isHeld {
            isAbandoned = false
            // Without looking for cancellation, of which nothing more can come.
            room.prepare(isolation: #isolation, on: loop.core)
            await loop.core.parking.wait()
        }
        throw CancellationError()
    }

    private func take() throws -> Value {
        switch result.unsafelyUnwrapped {
        case .success(let value): return value
        case .failure(let code): throw operation.error(code)
        }
    }
}
