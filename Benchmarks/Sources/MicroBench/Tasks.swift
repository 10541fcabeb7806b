import Dispatch
import Foundation
import UVLoop

/// What tasks cost on the main actor and the global executor: on Swift's own, and replaced by the
/// loop. Each measurement has a process of its own.
enum TaskWork: String, CaseIterable {
    case hops, yields, spawns, sleeps
    /// See ``Waits``.
    case waits

    static let childArgument = "--child"

    /// CPU nanoseconds for each operation, in a process with UVLoop installed or without.
    func cost(installed: Bool) throws -> Double {
        try Child.figures([Self.childArgument, rawValue, installed ? "uvloop" : "swift"])[0]
    }

    /// The child's side: measures, prints and ends the process.
    static func runChild(_ arguments: [String]) throws -> Never {
        guard let work = arguments.first.flatMap(TaskWork.init) else { fatalError("which work?") }
        let isInstalled = arguments.last == "uvloop"
        if work == .waits {
            Swift.print(try isInstalled ? Waits.ours() : Waits.native(), terminator: "")
            exit(0)
        }
        if isInstalled {
            try EventLoop.runMain { Swift.print(await work.measure(), terminator: "") }
            exit(0)
        }
        Task { @MainActor in
            Swift.print(await work.measure(), terminator: "")
            exit(0)
        }
        dispatchMain()
    }

    @MainActor
    private func measure() async -> Double {
        // Once to warm up.
        _ = await run(Self.count / 10)
        let start = processCPUTime()
        let count = await run(Self.count)
        return (processCPUTime() - start) / Double(count)
    }

    private static let count = 200_000

    /// Does about so many operations, and returns how many.
    @MainActor
    private func run(_ count: Int) async -> Int {
        switch self {
        case .hops:
            let other = Other()
            for _ in 0..<count {
                await other.visit()
                Self.comeBack()
            }
            let visits = await other.visits
            precondition(visits == count)
            return count
        case .yields:
            for _ in 0..<count { await Task.yield() }
            return count
        case .spawns:
            for number in 0..<count {
                let result = await Task.detached { number }.value
                precondition(result == number)
            }
            return count
        case .sleeps:
            await withDiscardingTaskGroup { group in
                for _ in 0..<count / 10 {
                    group.addTask { try? await Task.sleep(for: .milliseconds(100)) }
                }
            }
            return count / 10
        case .waits:
            fatalError("they measure themselves")
        }
    }

    /// Something to do on the main actor, or the compiler leaves the way back out.
    @MainActor private static var returns = 0
    @MainActor @inline(never)
    private static func comeBack() { returns += 1 }

    private actor Other {
        private(set) var visits = 0
        @inline(never)
        func visit() { visits += 1 }
    }
}
