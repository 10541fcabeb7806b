import NIOCore

/// Counts on the loop's thread, where alone it is used.
private final class Counter: @unchecked Sendable {
    var value = 0
}

/// Closures that are queued on the loop's thread, 1,000 a turn.
func closures() throws -> Double {
    let loop = makeLoop()
    let (turns, perTurn) = (500, 1_000)
    let counter = Counter()
    let ended = loop.makePromise(of: Void.self)
    @Sendable func turn(_ number: Int) {
        guard number < turns else { return ended.succeed() }
        // Captures a value of its own, so that each closure needs a context.
        for number in 0..<perTurn { loop.execute { counter.value += number & 1 | 1 } }
        loop.execute { turn(number + 1) }
    }
    let result = try cost(of: turns * perTurn) {
        loop.execute { turn(0) }
        try ended.futureResult.wait()
    }
    precondition(counter.value == turns * perTurn)
    return result
}

/// Posts from another thread, as fast as it can; the time of both threads counts.
func posts() throws -> Double {
    let loop = makeLoop()
    let count = 500_000
    let counter = Counter()
    let ended = loop.makePromise(of: Void.self)
    return try cost(of: count) {
        for number in 0..<count {
            loop.execute {
                counter.value += number & 1 | 1
                if counter.value == count { ended.succeed() }
            }
        }
        try ended.futureResult.wait()
    }
}
