/// Tasks that wait for something to happen on the loop. Belongs to the loop's thread.
final class WaiterList {
    /// One for each, in the order in which they came. Without the run-time check for overlapping
    /// access, as in LoopCore, for the same reasons.
    @exclusivity(unchecked) private var rooms: [WaitingRoom] = []

    /// Suspends the calling task, which runs on the loop's thread, until ``resumeAll(_:)``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled first.
    nonisolated(nonsending) func wait(on loop: EventLoop) async throws {
        let room = WaitingRoom()
        rooms.append(room)
        guard await room.wait(on: loop) == .cancelled else { return }
        rooms.removeAll { $0 === room }
        throw CancellationError()
    }

    func resumeAll(_ core: LoopCore) {
        guard !rooms.isEmpty else { return }
        let waiting = rooms
        rooms = []
        for room in waiting { room.wake(core) }
    }
}
