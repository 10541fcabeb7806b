import Dispatch
import Foundation
import Synchronization
import UVLoop

/// Some jobs of all kinds, each with a count of how often it has run.
final class Round: Sendable {
    static let threads = 4
    static let jobsOfThread = 4_000
    static var jobs: Int { threads * jobsOfThread }

    private let counts = Mutex([UInt8](repeating: 0, count: jobs))
    private let left = Atomic(jobs)
    private let seed: UInt64
    private let loops: [EventLoop]
    private let visited: Visited

    init(_ other: EventLoop, seed: UInt64) {
        self.seed = seed
        loops = [EventLoop.main!, other]
        visited = Visited(other)
    }

    /// Has four threads hand out the work.
    func begin() {
        for thread in 0..<Self.threads {
            Thread.detachNewThread { [self] in
                var chance = Chance(seed &+ UInt64(thread))
                for number in 0..<Self.jobsOfThread {
                    start(thread * Self.jobsOfThread + number, &chance)
                }
            }
        }
    }

    var isDone: Bool { left.load(ordering: .acquiring) <= 0 }

    /// A job that has not run once.
    var firstWrong: (job: Int, count: UInt8)? {
        counts.withLock { counts in
            counts.firstIndex { $0 != 1 }.map { ($0, counts[$0]) }
        }
    }

    private func ran(_ job: Int) {
        counts.withLock { $0[job] &+= 1 }
        left.subtract(1, ordering: .acquiringAndReleasing)
    }

    // MARK: The kinds of work

    private func start(_ job: Int, _ chance: inout Chance) {
        let wait = Duration.microseconds(chance.next(below: 3_000))
        let yields = chance.next(below: 4)
        let loop = loops[chance.next(below: 2)]
        switch chance.next(below: 10) {
        case 0: Task.detached { self.ran(job) }
        case 1: Task { @MainActor in self.ran(job) }
        case 2:
            // Two hops, between two loops.
            Task { @MainActor in
                await self.visited.yield()
                MainActor.assertIsolated()
                self.ran(job)
            }
        case 3:
            Task.detached {
                try? await Task.sleep(for: wait)
                self.ran(job)
            }
        case 4:
            // Not longer, because the runtime keeps what belongs to a cancelled sleep until its
            // time.
            let sleeper = Task.detached {
                try? await Task.sleep(for: .seconds(1))
                self.ran(job)
            }
            Task.detached {
                for _ in 0..<yields { await Task.yield() }
                sleeper.cancel()
            }
        case 5: try? loop.execute { _ in self.ran(job) }
        case 6: DispatchQueue.main.async { self.ran(job) }
        case 7:
            Task.detached {
                await withCheckedContinuation { continuation in
                    DispatchQueue.global().async { continuation.resume() }
                }
                self.ran(job)
            }
        case 8:
            Task.detached {
                async let one: Void = Task.yield()
                async let two: Void = self.visited.yield()
                _ = await (one, two)
                self.ran(job)
            }
        default:
            Task.detached {
                try? await loop.perform { _ in self.ran(job) }
            }
        }
    }
}

/// An actor of the other loop.
actor Visited {
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

    func yield() async {
        precondition(loop.isOnThread)
        await Task.yield()
        precondition(loop.isOnThread)
    }
}

/// Numbers that are the same for the same seed: splitmix64.
struct Chance {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
