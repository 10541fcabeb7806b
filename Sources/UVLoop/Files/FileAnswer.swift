/// What the thread pool answers to the task that waits for it. Belongs to the loop's thread.
private enum FileAnswer<Value: Sendable> {
    case awaited
    case arrived(Result<Value, UVError>)
    /// The task has gone on without it.
    case unwanted
}

extension FileOperation {
    /// Begins the operation, and suspends the calling task, which is at home on the loop, until it
    /// has ended.
    nonisolated(nonsending) func value(on loop: EventLoop) async throws -> Value {
        let room = WaitingRoom()
        // Here and not in an object: that would have to be generic, and its end is slow then.
        var answer = FileAnswer<Value>.awaited
        let request: any PoolRequest
        do throws(UVError) {
            request = try start(on: loop) { [discard] result in
                if case .unwanted = answer {
                    if case .success(let value) = result { discard?(value) }
                } else {
                    answer = .arrived(result)
                    room.wake(loop.core)
                }
            }
        } catch {
            throw self.error(error)
        }
        while case .awaited = answer {
            guard await room.wait(on: loop) == .cancelled, case .awaited = answer else { continue }
            answer = .unwanted
            if !request.cancel(), isHeld {
                answer = .awaited
                // Without looking for cancellation, of which nothing more can come.
                room.prepare(isolation: #isolation, on: loop.core)
                await loop.core.parking.wait()
            }
            throw CancellationError()
        }
        guard case .arrived(let result) = answer else { throw CancellationError() }
        do throws(UVError) { return try result.get() } catch { throw self.error(error) }
    }
}
