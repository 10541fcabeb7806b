import CUV

/// What runs on the main thread beside the installed loop, and is turned by it: Foundation's run
/// loop, of which this module knows nothing. See the product UVLoopFoundation.
package struct MainCompanion {
    /// Readable when there is something to do.
    let descriptor: Int32
    /// Calls a closure once, on the main thread, which runs the loop.
    let around: (() -> Void) -> Void
    /// Does what there is to do, without waiting for more.
    let turn: () -> Void

    package init(
        descriptor: Int32, around: @escaping (() -> Void) -> Void, turn: @escaping () -> Void
    ) {
        self.descriptor = descriptor
        self.around = around
        self.turn = turn
    }
}

extension EventLoop {
    /// Has the installed loop turn something else, too, whenever it runs; on the main thread. Does
    /// nothing if there is such a thing already.
    package nonisolated static func accompanyMain(
        by makeCompanion: () throws -> MainCompanion
    ) throws {
        guard let main = MainLoop.shared, cuv_is_main_thread() else {
            throw InstallError.notOnMainThread
        }
        guard main.companion == nil else { return }
        guard !main.loop.core.isRunning else { throw EventLoopError.running }
        main.companion = try CompanionTurns(main.loop, makeCompanion())
    }
}

/// Turns a companion: when its descriptor says so, and at most once a millisecond when the loop has
/// been doing anything, because that may have given it work of which the descriptor does not know.
///
/// Belongs to the main thread, and lives as long as the process.
final class CompanionTurns {
    private let companion: MainCompanion
    private let core: LoopCore
    private let poll: UnsafeMutablePointer<uv_poll_t>
    private let prepare: UnsafeMutablePointer<uv_prepare_t>
    private let timer: Timer
    /// When it was turned last, as libuv counts milliseconds.
    private var lastTurn: UInt64 = 0

    init(_ loop: EventLoop, _ companion: MainCompanion) throws(UVError) {
        self.companion = companion
        core = loop.core
        poll = .allocate(capacity: 1)
        let result = uv_poll_init(core.uv, poll, companion.descriptor)
        guard result == 0 else {
            poll.deallocate()
            throw UVError(rawValue: result)
        }
        prepare = .allocate(capacity: 1)
        uv_prepare_init(core.uv, prepare)
        // It only makes another turn of the loop, in which `prepare` does the rest.
        timer = Timer(loop) {}
        timer.keepsLoopAlive = false
        // Nil: they are none of the handles that the loop's end tells of it.
        poll.pointee.data = nil
        prepare.pointee.data = nil
    }

    /// Runs the loop, and the companion in its turns.
    func run(_ body: () -> Void) {
        CompanionTurns.current = self
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { _, _, _ in
            CompanionTurns.current?.turn()
        }
        uv_prepare_start(prepare) { _ in CompanionTurns.current?.turnNowOrLater() }
        uv_unref(uvHandle(poll))
        uv_unref(uvHandle(prepare))
        companion.around(body)
        uv_poll_stop(poll)
        uv_prepare_stop(prepare)
        timer.stop()
    }

    private func turnNowOrLater() {
        // The loop has not run its own part of this phase, and with it what is queued: that, too,
        // may have given the companion work, before and after its turn.
        core.drainIfNeeded()
        let isTime = uv_now(core.uv) != lastTurn
        if isTime { turn() }
        if !isTime || !core.ready.isEmpty, !timer.isActive { timer.start(after: .milliseconds(1)) }
    }

    private func turn() {
        lastTurn = uv_now(core.uv)
        companion.turn()
    }

    /// The one of the run on the main thread. Sound: only touched there.
    nonisolated(unsafe) private static var current: CompanionTurns?
}
