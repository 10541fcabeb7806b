import CUV
import Glibc
import UVLoop

/// Calls that are queued on the loop's thread, 1,000 a turn.
enum Calls {
    private static let turns = 2_000
    private static let perTurn = 1_000

    static func function() throws -> Double {
        let loop = try EventLoop()
        let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        counter.initialize(to: 0)
        let result = try cost(of: turns * perTurn) {
            for _ in 0..<turns {
                for _ in 0..<perTurn {
                    loop.callSoon(
                        { $0!.assumingMemoryBound(to: Int.self).pointee += 1 }, context: counter)
                }
                try loop.run()
            }
        }
        precondition(counter.pointee == turns * perTurn)
        counter.deallocate()
        try loop.close()
        return result
    }

    static func closure() throws -> Double {
        let loop = try EventLoop()
        var count = 0
        let result = try cost(of: turns * perTurn) {
            for _ in 0..<turns {
                // Captures a value of its own, so that each closure needs a context.
                for number in 0..<perTurn { loop.callSoon { count += number & 1 | 1 } }
                try loop.run()
            }
        }
        precondition(count == turns * perTurn)
        try loop.close()
        return result
    }
}

/// Posts from another thread, as fast as it can; the time of both threads counts.
enum Posts {
    private static let count = 500_000

    static func ours() throws -> Double {
        let loop = try EventLoop()
        let counter = Counter(loop, last: count)
        // The counter keeps the loop alive until the last post.
        let result = try cost(of: count) {
            var thread = pthread_t()
            pthread_create(&thread, nil, postAll, Unmanaged.passUnretained(counter).toOpaque())
            try loop.run()
            pthread_join(thread, nil)
        }
        precondition(counter.value == count)
        try loop.close()
        return result
    }

    private static let postAll:
        @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
            { context in
                post(to: Unmanaged<Counter>.fromOpaque(context!).takeUnretainedValue())
                return nil
            }

    private static func post(to counter: Counter) {
        // Captures a value of its own, so that each closure needs a context.
        for number in 0..<count {
            try? counter.loop.execute { _ in counter.add(number & 1 | 1) }
        }
    }

    /// Counts on the loop's thread. Sendable without the compiler's check: only used there.
    private final class Counter: @unchecked Sendable {
        let loop: EventLoop
        private let last: Int
        private let keeper: Timer
        var value = 0

        init(_ loop: EventLoop, last: Int) {
            self.loop = loop
            self.last = last
            keeper = Timer(loop) { fatalError("the posts took an hour") }
            keeper.start(after: .seconds(3_600))
        }

        func add(_ number: Int) {
            value += number
            if value == last { keeper.stop() }
        }
    }
}
