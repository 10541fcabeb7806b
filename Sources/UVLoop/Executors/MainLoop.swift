import CUV
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
        replaceExecutors(by: made)
        return made
    }

    /// Runs the loop until it is stopped, whether or not anything on it is at work.
    func run() throws(EventLoopError) {
        serveDispatch()
        loop.core.keepAlive(1)
        defer { loop.core.keepAlive(-1) }
        _ = try loop.core.run(.untilDone)
    }

    /// Makes one turn, which waits for something to happen.
    func runOneTurn() throws(EventLoopError) {
        serveDispatch()
        loop.core.keepAlive(1)
        defer { loop.core.keepAlive(-1) }
        _ = try loop.core.run(.oneTurn)
    }

    /// Not before the first run: when a constructor installs the loop, Dispatch may not be there.
    private func serveDispatch() {
        guard !isDispatchServed.exchange(true, ordering: .relaxed) else { return }
        DispatchMainQueue.serve(on: loop.core)
    }
}
