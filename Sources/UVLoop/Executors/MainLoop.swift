import CUV
import Dispatch
import Synchronization

/// The loop that has replaced Swift's default one, if it has been: made once and never closed,
/// because the runtime may hand it jobs until the process ends.
final class MainLoop: Sendable {
    private static let installed = Mutex<MainLoop?>(nil)

    static var shared: MainLoop? { installed.withLock { $0 } }

    let loop: EventLoop
    let mode: InstallMode
    /// What the runtime calls for tasks without an executor of their own.
    let defaultExecutor: LoopDefaultExecutor
    private let isDispatchServed = Atomic(false)
    // Sound: these two are only touched on the main thread.
    nonisolated(unsafe) private var guestTurns: GuestTurns?
    nonisolated(unsafe) private var isGuestRequested = false

    private init(_ mode: InstallMode) throws(UVError) {
        loop = try EventLoop()
        self.mode = mode
        defaultExecutor = LoopDefaultExecutor(SharedCore(loop.core))
        loop.core.isDefault = mode == .single
    }

    /// On the main thread, where it is the only caller.
    static func install(_ mode: InstallMode) throws -> MainLoop {
        if let shared {
            guard shared.mode == mode else {
                throw InstallError.installedOtherwise(shared.mode)
            }
            return shared
        }
        let made = try MainLoop(mode)
        installed.withLock { $0 = made }
        replaceExecutors()
        made.loop.core.whenWorkWaits = { made.requestTurn() }
        return made
    }

    /// Runs the loop, whether or not anything on it is at work: until it is stopped, or for one
    /// turn, which waits for something to happen.
    func run(_ mode: EventLoop.RunMode = .untilDone) throws(EventLoopError) {
        serveDispatch()
        guestTurns?.suspend()
        loop.core.keepAlive(1)
        defer {
            loop.core.keepAlive(-1)
            requestTurn()
        }
        _ = try loop.core.run(mode)
    }

    /// There is work, and nobody runs the loop. If somebody else runs the main thread, the loop is
    /// turned by that from now on: see ``GuestTurns``.
    func requestTurn() {
        if let guestTurns { guestTurns.request() }
        guard !isGuestRequested else { return }
        isGuestRequested = true
        DispatchQueue.main.async {
            self.isGuestRequested = false
            // In a run of the loop itself, which serves the queue, too.
            guard !self.loop.core.isRunning else { return }
            if self.guestTurns == nil { self.guestTurns = GuestTurns(self.loop.core) }
            self.guestTurns?.resume()
        }
    }

    /// Not before the first run: when a constructor installs the loop, Dispatch may not be there.
    private func serveDispatch() {
        guard !isDispatchServed.exchange(true, ordering: .relaxed) else { return }
        DispatchMainQueue.serve(on: loop.core)
    }
}
