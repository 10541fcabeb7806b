@_spi(ExperimentalCustomExecutors) import _Concurrency

// What the runtime asks of executors that replace its own. This part of it changes between
// releases; written for that of Swift 6.3.

/// Makes the loop of ``MainLoop`` the runtime's main and default executor. The types stay
/// internal, so that nobody who imports the library needs that interface.
func replaceExecutors() {
    _createExecutors(factory: Factory.self)
}

private struct Factory: ExecutorFactory {
    static var mainExecutor: any MainExecutor { MainLoop.shared!.loop.loopSerialExecutor }

    static var defaultExecutor: any TaskExecutor {
        let main = MainLoop.shared!
        switch main.mode {
        case .single: return main.defaultExecutor
        case .mainOnly: return PlatformExecutorFactory.defaultExecutor
        }
    }
}

@_spi(ExperimentalCustomExecutors) extension LoopSerialExecutor: MainExecutor {
    /// Called by the runtime once an async `main` waits for the first time; the process ends when
    /// `main` returns.
    func run() throws { try MainLoop.shared!.run() }

    func runUntil(_ condition: () -> Bool) throws {
        let main = MainLoop.shared!
        while !condition() { try main.run(.oneTurn) }
    }

    func stop() { MainLoop.shared!.loop.core.stop() }
}

/// Runs the jobs of tasks that have neither isolation nor a preference, when the loop is Swift's
/// default one.
final class LoopDefaultExecutor: TaskExecutor {
    let core: SharedCore

    init(_ core: SharedCore) {
        self.core = core
    }

    func enqueue(_ job: consuming ExecutorJob) {
        core.enqueue(.defaultJob(UnownedJob(job)))
    }
}
