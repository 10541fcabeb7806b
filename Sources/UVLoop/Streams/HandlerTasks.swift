/// The tasks that serve a listener's connections: who waits for their end, and who ends their waits
/// when they are cancelled. Belongs to the loop's thread.
///
/// They are child tasks of the one that serves, and cancelled with it or by it: so one handler of
/// its cancellation is enough for all of them.
///
/// Sendable without the compiler's check: that handler only passes it on to the loop's thread.
final class HandlerTasks: @unchecked Sendable {
    private var covers: ContiguousArray<TaskCover> = []
    /// Those that have been started but have not begun.
    private var startedCount = 0
    private var isGraceOver = false
    private let room = WaitingRoom()

    func started() { startedCount += 1 }

    func began(_ cover: TaskCover) {
        startedCount -= 1
        cover.index = covers.count
        covers.append(cover)
    }

    func ended(_ cover: TaskCover, _ core: LoopCore) {
        let last = covers.removeLast()
        if last !== cover {
            last.index = cover.index
            covers[cover.index] = last
        }
        if covers.isEmpty { room.wake(core) }
    }

    /// Ends the waits of all tasks, which are cancelled.
    func cancelWaits(_ core: LoopCore) {
        for cover in covers { cover.cancel(core) }
    }

    /// Makes ``wait(on:)`` return at once.
    func endGrace(_ core: LoopCore) {
        isGraceOver = true
        room.wake(core)
    }

    /// Returns when no task is at work, or those that are have to be cancelled.
    nonisolated(nonsending) func wait(on loop: EventLoop) async {
        while !covers.isEmpty || startedCount > 0, !isGraceOver {
            if await room.wait(on: loop) == .cancelled { return }
        }
    }
}
