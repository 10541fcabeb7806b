import Glibc
import Synchronization

/// The children that run now: at most a server and a load generator. However this process ends,
/// short of SIGKILL, they end with it.
enum LiveChildren {
    // Atomics, because a signal handler reads them.
    private static let first = Atomic<pid_t>(0)
    private static let second = Atomic<pid_t>(0)

    static func add(_ process: pid_t) {
        if !first.compareExchange(expected: 0, desired: process, ordering: .relaxed).exchanged {
            second.store(process, ordering: .relaxed)
        }
    }

    static func remove(_ process: pid_t) {
        if !first.compareExchange(expected: process, desired: 0, ordering: .relaxed).exchanged {
            second.store(0, ordering: .relaxed)
        }
    }

    static func killAll() {
        for process in [first.load(ordering: .relaxed), second.load(ordering: .relaxed)]
        where process != 0 {
            kill(process, SIGKILL)
        }
    }

    /// Kills those that run, and waits for their end.
    static func endAll() {
        killAll()
        for slot in [first.load(ordering: .relaxed), second.load(ordering: .relaxed)]
        where slot != 0 {
            var status: Int32 = 0
            waitpid(slot, &status, 0)
            remove(slot)
        }
    }

    static func killThemOnSignals() {
        // Initialises both now: a first access within the handler could wait for itself.
        remove(0)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                let server = LiveChildren.first.load(ordering: .relaxed)
                let generator = LiveChildren.second.load(ordering: .relaxed)
                if server != 0 { kill(server, SIGKILL) }
                if generator != 0 { kill(generator, SIGKILL) }
                _exit(128 + number)
            }
        }
    }
}
