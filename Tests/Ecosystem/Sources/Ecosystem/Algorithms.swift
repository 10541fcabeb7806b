import AsyncAlgorithms

/// swift-async-algorithms: those that sleep, and those in which tasks hand values to each other.
///
/// Where time matters, each step waits for the one before it, so that only delays of a good part of
/// a second change what comes out.
enum Algorithms {
    static func run() async throws {
        await debounce()
        await throttle()
        await timers()
        await chunks()
        try await channels()
        await merging()
        await buffers()
    }

    private static func debounce() async {
        let (numbers, source) = AsyncStream.makeStream(of: Int.self)
        var values = numbers.debounce(for: .milliseconds(300)).makeAsyncIterator()
        let begun = ContinuousClock.now
        for number in 1...3 { source.yield(number) }
        say("debounce", await values.next() as Any)
        say("debounce is not early", begun.duration(to: .now) >= .milliseconds(300))
        for number in 4...6 { source.yield(number) }
        say("debounce", await values.next() as Any)
        source.yield(7)
        source.finish()
        say("debounce", await values.next() as Any, await values.next() as Any)
    }

    private static func throttle() async {
        let (numbers, source) = AsyncStream.makeStream(of: Int.self)
        var values = numbers._throttle(for: .seconds(1)).makeAsyncIterator()
        let begun = ContinuousClock.now
        source.yield(1)
        say("throttle", await values.next() as Any)
        for number in 2...4 { source.yield(number) }
        source.finish()
        say("throttle", await values.next() as Any, await values.next() as Any)
        say("throttle is not early", begun.duration(to: .now) >= .seconds(1))
    }

    private static func timers() async {
        say("continuous timer", await ticks(of: .continuous))
        say("suspending timer", await ticks(of: .suspending))
        let endless = Task {
            var count = 0
            for await _ in AsyncTimerSequence(interval: .seconds(1_000), clock: .continuous) {
                count += 1
            }
            return count
        }
        endless.cancel()
        say("cancelled timer", await endless.value)
    }

    private static func ticks<C: Clock>(of clock: C) async -> String
    where C.Duration == Duration {
        let begun = clock.now
        var count = 0
        var early = 0
        for await tick in AsyncTimerSequence(interval: .milliseconds(20), clock: clock).prefix(8) {
            count += 1
            if begun.duration(to: tick) < .milliseconds(20) * count { early += 1 }
        }
        return "\(count) ticks, \(early) early"
    }

    private static func chunks() async {
        let (numbers, source) = AsyncStream.makeStream(of: Int.self)
        let timed = numbers.chunked(by: .repeating(every: .milliseconds(300)))
        var chunks = timed.makeAsyncIterator()
        for number in 1...3 { source.yield(number) }
        say("chunked by time", await chunks.next() as Any)
        for number in 4...5 { source.yield(number) }
        say("chunked by time", await chunks.next() as Any)
        source.finish()
        say("chunked by time", await chunks.next() as Any)

        let counted = (1...5).async.chunks(ofCount: 2, or: .repeating(every: .seconds(60)))
        say("chunks of two", await Array(counted))
    }

    private static func channels() async throws {
        let channel = AsyncChannel<Int>()
        let total = await withTaskGroup(of: Int.self) { group in
            for producer in 0..<4 {
                group.addTask {
                    for number in 0..<100 { await channel.send(producer * 100 + number) }
                    return 0
                }
            }
            for _ in 0..<3 {
                group.addTask { await channel.prefix(100).reduce(0, +) }
            }
            group.addTask { await channel.prefix(100).reduce(0, +) }
            return await group.reduce(0, +)
        }
        say("channel, four producers and consumers", total)

        let failing = AsyncThrowingChannel<Int, any Error>()
        let failer = Task {
            for number in 1...3 { await failing.send(number) }
            failing.fail(Failure())
        }
        do {
            for try await number in failing { say("channel", number) }
        } catch {
            say("channel", error)
        }
        await failer.value

        // Each value is taken before the next is sent.
        let ordered = AsyncChannel<Int>()
        let sender = Task {
            for number in 1...1_000 { await ordered.send(number) }
            ordered.finish()
        }
        var last = 0
        for await number in ordered where number == last + 1 { last = number }
        await sender.value
        say("channel in order", last)

        let waiting = Task { await AsyncChannel<Int>().send(1) }
        waiting.cancel()
        await waiting.value
        say("cancelled channel")
    }

    private static func merging() async {
        let odd = [Int](stride(from: 1, through: 99, by: 2))
        let even = AsyncTimerSequence(interval: .milliseconds(2), clock: .continuous)
            .prefix(50).map { _ in 0 }
        let merged = await Array(merge(odd.async, even))
        say("merge", merged.count, merged.reduce(0, +), merged.filter { $0 > 0 } == odd)
        say("zip", await Array(zip((1...3).async, ["a", "b", "c", "d"].async)))

        let (numbers, numberSource) = AsyncStream.makeStream(of: Int.self)
        let (letters, letterSource) = AsyncStream.makeStream(of: String.self)
        var latest = combineLatest(numbers, letters).makeAsyncIterator()
        numberSource.yield(1)
        letterSource.yield("a")
        say("combineLatest", await latest.next() as Any)
        numberSource.yield(2)
        say("combineLatest", await latest.next() as Any)
        letterSource.yield("b")
        say("combineLatest", await latest.next() as Any)
        numberSource.finish()
        letterSource.finish()
        say("combineLatest", await latest.next() as Any)
    }

    private static func buffers() async {
        let channel = AsyncChannel<Int>()
        let sender = Task {
            for number in 1...100 { await channel.send(number) }
            channel.finish()
        }
        say("buffer, bounded", await Array(channel.buffer(policy: .bounded(5))).count)
        await sender.value
        let unbounded = (1...1_000).async.buffer(policy: .unbounded)
        say("buffer, unbounded", await unbounded.reduce(0, +))
    }
}

private struct Failure: Error {}

extension Array {
    fileprivate init<S: AsyncSequence>(_ sequence: S) async where S.Element == Element {
        self = []
        do {
            for try await element in sequence { append(element) }
        } catch {
            fail("\(error)")
        }
    }
}
