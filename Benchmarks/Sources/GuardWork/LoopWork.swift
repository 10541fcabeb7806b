import Glibc
import UVLoop

/// What needs no task.
enum LoopWork {
    /// How many calls are queued before the loop turns; what is counted is a multiple.
    private static let perTurn = 1_000

    /// Starts and stops a timer.
    static func timer(_ count: Int) throws {
        let loop = try EventLoop()
        let timer = Timer(loop) {}
        for _ in 0..<count {
            timer.start(after: .seconds(60))
            timer.stop()
        }
        try loop.close()
    }

    static func callFunction(_ count: Int) throws {
        let loop = try EventLoop()
        var calls = 0
        try withUnsafeMutablePointer(to: &calls) { calls in
            for number in 1...count {
                loop.callSoon(
                    { $0!.assumingMemoryBound(to: Int.self).pointee += 1 }, context: calls)
                if number.isMultiple(of: perTurn) { try loop.run() }
            }
        }
        precondition(calls == count)
        try loop.close()
    }

    static func callClosure(_ count: Int) throws {
        let loop = try EventLoop()
        var sum = 0
        for number in 1...count {
            // Captures a value of its own, so that each closure needs a context.
            loop.callSoon { sum += number }
            if number.isMultiple(of: perTurn) { try loop.run() }
        }
        precondition(sum == count * (count + 1) / 2)
        try loop.close()
    }

    /// From another thread, while the loop rests: else chance would say how many posts wake it.
    static func post(_ count: Int) throws {
        let loop = try EventLoop()
        let sum = Sum()
        for round in 1...(count / perTurn) {
            let poster = Poster(loop, sum)
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { context in
                    Unmanaged<Poster>.fromOpaque(context!).takeUnretainedValue().post()
                    return nil
                }, Unmanaged.passUnretained(poster).toOpaque())
            pthread_join(thread, nil)
            // A turn takes only so many.
            while sum.value < round * perTurn * (perTurn + 1) / 2 { try loop.run(.nonBlocking) }
        }
        try loop.close()
    }

    private final class Poster {
        private let loop: EventLoop
        private let sum: Sum

        init(_ loop: EventLoop, _ sum: Sum) {
            self.loop = loop
            self.sum = sum
        }

        func post() {
            let sum = sum
            for number in 1...perTurn {
                // Captures a value of its own, so that each closure needs a context.
                try? loop.execute { _ in sum.value += number }
            }
        }
    }

    /// Sendable without the compiler's check: only the loop's thread looks into it.
    private final class Sum: @unchecked Sendable {
        var value = 0
    }
}
