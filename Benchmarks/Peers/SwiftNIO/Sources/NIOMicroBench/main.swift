import Glibc
import NIOCore
import NIOPosix

// The column of SwiftNIO in MicroBench's table, which runs this once for each piece of work:
// prints its figures, CPU nanoseconds for each operation.

func fail(_ message: String, status: Int32) -> Never {
    _ = "\(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(status)
}

let work = CommandLine.arguments.dropFirst().first ?? ""
do {
    let figures: [Double] =
        switch work {
        case "many-timers": try manyTimers()
        case "start-stop": [try startAndStop()]
        case "sleep": [try sleep()]
        case "closures": [try closures()]
        case "posts": [try posts()]
        case "waits": [try waits()]
        default: []
        }
    guard !figures.isEmpty else {
        fail("usage: NIOMicroBench many-timers|start-stop|sleep|closures|posts|waits", status: 2)
    }
    print(figures.map { "\($0)" }.joined(separator: " "))
} catch {
    fail("NIOMicroBench: \(error)", status: 1)
}

/// The CPU time that the process has used, in nanoseconds.
func processCPUTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// CPU nanoseconds for each of `count` operations.
func cost(of count: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = processCPUTime()
    try body()
    return (processCPUTime() - start) / Double(count)
}

func makeLoop() -> any EventLoop {
    MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
}

extension EventLoop {
    /// Runs a body on the loop's thread and waits for its result.
    func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        try submit(body).wait()
    }
}
