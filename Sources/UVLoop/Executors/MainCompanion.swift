import CUV

/// What runs on the main thread beside the installed loop, and is turned by it: Foundation's run
/// loop, of which this module knows nothing. See the product UVLoopFoundation.
package struct MainCompanion {
    /// Runs the loop, on the main thread: calls the closure whenever there is nothing else to do,
    /// and returns once that returns true.
    package typealias Around = (_ part: () -> Bool) -> Void

    /// Readable when there is something to do.
    let descriptor: Int32
    let around: Around

    package init(descriptor: Int32, around: @escaping Around) {
        self.descriptor = descriptor
        self.around = around
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
        guard main.loop.core.companion == nil else { return }
        guard !main.loop.core.isRunning else { throw EventLoopError.running }
        main.loop.core.companion = try CompanionTurns(main.loop, makeCompanion())
    }
}

/// Runs the loop in parts, between which its companion has its turn: when its descriptor says so,
/// and at most once a millisecond when the loop has been doing anything, because that may have
/// given it work of which the descriptor does not know.
///
/// Belongs to the main thread, and lives as long as the process.
final class CompanionTurns {
    private let companion: MainCompanion
    private let core: LoopCore
    private let poll: UnsafeMutablePointer<uv_poll_t>
    private let prepare: UnsafeMutablePointer<uv_prepare_t>
    private let timer: Timer
    /// When it had its last turn, as libuv counts milliseconds.
    private var lastTurn: UInt64 = 0
    /// Whether nothing has happened since.
    private var isFresh = true
    private var isPaused = false

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

    /// Runs the loop.
    ///
    /// - Parameter part: runs it until it is paused, and returns whether it has ended.
    func run(_ part: () -> Bool) {
        CompanionTurns.current = self
        uv_poll_start(poll, Int32(UV_READABLE.rawValue)) { _, _, _ in
            CompanionTurns.current?.pause()
        }
        uv_prepare_start(prepare) { _ in CompanionTurns.current?.pauseNowOrLater() }
        uv_unref(uvHandle(poll))
        uv_unref(uvHandle(prepare))
        companion.around {
            isFresh = true
            isPaused = false
            return part() || !isPaused
        }
        uv_poll_stop(poll)
        uv_prepare_stop(prepare)
        timer.stop()
    }

    private func pauseNowOrLater() {
        // What is queued runs later in this phase.
        let isIdle = isFresh && core.ready.isEmpty
        isFresh = false
        if isIdle { return }
        if uv_now(core.uv) != lastTurn {
            pause()
        } else if !timer.isActive {
            timer.start(after: .milliseconds(1))
        }
    }

    /// The companion has its turn when the loop has ended this one of its own.
    private func pause() {
        isPaused = true
        lastTurn = uv_now(core.uv)
        uv_stop(core.uv)
    }

    /// The one of the run on the main thread. Sound: only touched there.
    nonisolated(unsafe) private static var current: CompanionTurns?
}
