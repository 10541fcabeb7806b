import CUV
import Dispatch

/// Turns the installed loop from Dispatch's main queue, for as long as somebody else runs the main
/// thread: `dispatchMain()`, `RunLoop.main.run()`, a test runner.
///
/// A source watches the descriptor on which libuv waits, a timer stands in for the time that it
/// would wait, and what is queued outside a turn asks for one. Belongs to the main thread.
final class GuestTurns {
    private let core: LoopCore
    private let source: any DispatchSourceRead
    private let timer: any DispatchSourceTimer
    private var isRequested = false
    private var isActive = false

    init(_ core: LoopCore) {
        self.core = core
        source = DispatchSource.makeReadSource(
            fileDescriptor: uv_backend_fd(core.uv), queue: .main)
        timer = DispatchSource.makeTimerSource(queue: .main)
        // Sound: the main queue runs on the main thread, and this lives as long as the process.
        nonisolated(unsafe) let turns = self
        source.setEventHandler { turns.turn() }
        timer.setEventHandler { turns.turn() }
    }

    /// Begins, or goes on, to turn the loop; from the main queue.
    func resume() {
        guard !isActive, !core.isRunning else { return }
        isActive = true
        source.resume()
        timer.resume()
        turn()
    }

    /// Leaves the loop to who is about to run it.
    func suspend() {
        guard isActive else { return }
        isActive = false
        source.suspend()
        timer.suspend()
    }

    /// Asks for a turn soon.
    func request() {
        guard isActive, !isRequested else { return }
        isRequested = true
        // Sound: as in `init`.
        nonisolated(unsafe) let turns = self
        DispatchQueue.main.async {
            turns.isRequested = false
            turns.turn()
        }
    }

    private func turn() {
        guard isActive, !core.isRunning else { return }
        _ = try? core.run(.nonBlocking)
        switch core.untilNextTurn {
        case nil: timer.schedule(deadline: .distantFuture)
        case 0: request()
        case .some(let nanoseconds):
            timer.schedule(
                deadline: .now() + .nanoseconds(Int(clamping: nanoseconds)), leeway: .nanoseconds(0)
            )
        }
    }
}
