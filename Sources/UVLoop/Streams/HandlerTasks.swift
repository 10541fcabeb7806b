/// The tasks that serve a listener's connections: who waits for their end, and who ends their waits
/// when they are cancelled. Belongs to the loop's thread.
///
/// They are child tasks of the one that serves, and cancelled with it or by it: so one handler of
/// its cancellation is enough for all of them.
///
/// Sendable without the compiler's check: that handler only passes it on to the loop's thread.
final class HandlerTasks: @unchecked Sendable {
    let handler: Listener.Handler
    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    /// Without the reference counting of strong ones: a handler has its stream until it has ended.
    @exclusivity(unchecked) private var cores: ContiguousArray<Unmanaged<StreamCore>> = []
    /// Those that have been started but have not begun.
    @exclusivity(unchecked) private var startedCount = 0
    @exclusivity(unchecked) private var isGraceOver = false
    private let room = WaitingRoom()

    init(_ handler: @escaping Listener.Handler) {
        self.handler = handler
    }

    func started() { startedCount += 1 }

    func began(_ core: StreamCore) {
        startedCount -= 1
        core.handlerIndex = Int32(cores.count)
        cores.append(.passUnretained(core))
    }

    func ended(_ core: StreamCore) {
        let last = cores.removeLast()
        last._withUnsafeGuaranteedRef {
            guard $0 !== core else { return }
            $0.handlerIndex = core.handlerIndex
            cores[Int(core.handlerIndex)] = last
        }
        if cores.isEmpty { room.wake(core.loop.core) }
    }

    /// Ends the waits of all tasks, which are cancelled.
    func cancelWaits() {
        for core in cores { core.takeUnretainedValue().cancelScope() }
    }

    /// Makes ``wait(on:)`` return at once.
    func endGrace(_ core: LoopCore) {
        isGraceOver = true
        room.wake(core)
    }

    /// Returns when no task is at work, or those that are have to be cancelled.
    nonisolated(nonsending) func wait(on loop: EventLoop) async {
        while !cores.isEmpty || startedCount > 0, !isGraceOver {
            if await room.wait(on: loop) == .cancelled { return }
        }
    }
}
