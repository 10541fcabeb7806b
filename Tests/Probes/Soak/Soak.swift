import Foundation
import Synchronization
import UVLoop

/// Gives the replaced default loop all kinds of work from four threads, by chance, and counts: each
/// job has to run once and only once, and the memory must not grow.
///
///     ProbeSoak [SECONDS [SEED]]
@main struct Soak {
    static func main() throws {
        takeOneArena()
        let words = CommandLine.arguments.dropFirst()
        let seconds = words.first.flatMap(Double.init) ?? 5
        let seed = words.dropFirst().first.flatMap(UInt64.init) ?? 1
        // A round takes far less; a hang is an error.
        alarm(UInt32(seconds) + 50)
        try EventLoop.runMain { try await run(seconds, seed) }
    }

    @MainActor
    private static func run(_ seconds: Double, _ seed: UInt64) async throws {
        let other = try EventLoopThread(name: "other")
        let end = ContinuousClock.now.advanced(by: .seconds(seconds))
        // By then the allocator has found its size.
        let settling = ContinuousClock.now.advanced(by: .seconds(seconds / 3))
        var (round, jobs, settled) = (0, 0, 0)
        var previous: Round?
        // At least so many that the memory has settled and can be compared.
        while round < 8 || ContinuousClock.now < end {
            let work = Round(other.loop, seed: seed &+ UInt64(round) &* 4)
            work.begin()
            while !work.isDone { try await Task.sleep(for: .milliseconds(1)) }
            // Once more those of the last round: a job may have run again since.
            if let wrong = previous?.firstWrong ?? work.firstWrong {
                fail("round \(round), seed \(seed): job \(wrong.job) ran \(wrong.count) times")
            }
            previous = work
            jobs += Round.jobs
            round += 1
            let memory = residentMemory()
            if round <= 6 || ContinuousClock.now < settling { settled = max(settled, memory) }
            if memory > settled + 16 << 20 {
                fail("the memory grew from \(settled) to \(memory) bytes by round \(round)")
            }
        }
        await other.shutdown()
        print("\(jobs) jobs, each run once; all checks passed")
    }

    /// Begins again with one arena, unless that is so: with one for each thread, glibc's memory
    /// grows for minutes while nothing leaks, because what one thread takes another gives back.
    private static func takeOneArena() {
        guard getenv("MALLOC_ARENA_MAX") == nil else { return }
        setenv("MALLOC_ARENA_MAX", "1", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }

    private static func fail(_ message: String) -> Never {
        print("failed: \(message)")
        exit(1)
    }

    private static func residentMemory() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
