import Testing

@testable import UVLoop

/// The wheel against a sorted array, on a clock that the test turns.
@Suite struct TimerWheelTests {
    /// What a timer is in the model.
    private struct Expected {
        var deadline: UInt64
        var order: Int
        var node: TimerNode.Pointer
    }

    private struct Model: ~Copyable {
        static let tick: UInt64 = 16_384
        var wheel: TimerWheel
        var now: UInt64
        var waiting: [Expected] = []
        var starts = 0
        var nodes: [TimerNode.Pointer] = []

        init(now: UInt64) {
            self.now = now
            wheel = TimerWheel(now: now)
        }

        deinit { for node in nodes { node.free() } }

        mutating func makeNode() -> TimerNode.Pointer {
            let node = TimerNode.Pointer.allocate(capacity: 1)
            node.initialize(to: TimerNode {})
            nodes.append(node)
            return node
        }

        mutating func start(_ node: TimerNode.Pointer, deadline: UInt64) {
            starts += 1
            wheel.start(node, deadline: deadline)
            waiting.append(
                Expected(deadline: min(deadline, .farthestDeadline), order: starts, node: node))
        }

        mutating func start(_ node: TimerNode.Pointer, delay: UInt64) {
            starts += 1
            wheel.start(node, delay: delay)
            wheel.resolve(now: now)
            waiting.append(
                Expected(deadline: now.saturatingDeadline(delay), order: starts, node: node))
        }

        mutating func stop(at index: Int) {
            let node = waiting.remove(at: index).node
            node.unlink()
            node.pointee.state = .idle
        }

        /// Turns the clock and checks what fires.
        mutating func advance(to time: UInt64) {
            now = time
            var due: ContiguousArray<TimerNode.Pointer> = []
            wheel.takeDue(now: now, into: &due)
            for node in due { node.pointee.state = .idle }
            let fired = Set(due)
            let expected = waiting.filter { fired.contains($0.node) }
                .sorted { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
            #expect(fired.count == due.count && expected.count == due.count)
            #expect(Array(due) == expected.map(\.node))
            #expect(expected.allSatisfy { $0.deadline <= now })
            waiting.removeAll { fired.contains($0.node) }
            // Nothing that is due stays.
            #expect(waiting.allSatisfy { $0.deadline > now })
        }

        /// Checks when the wheel wants to be looked at: never late, and never in the past.
        mutating func checkNextLook() {
            guard !wheel.hasOverdue, let first = waiting.map(\.deadline).min() else { return }
            guard let look = wheel.nextLook() else {
                Issue.record("timers wait, but the wheel wants no look")
                return
            }
            #expect(look <= first)
            #expect(look > now)
        }
    }

    /// A time to come of any magnitude from a nanosecond to the end of the clock.
    private static func distance(_ generator: inout SeededGenerator) -> UInt64 {
        generator.magnitude(bits: 63)
    }

    @Test(arguments: 0..<60)
    func startsStopsAndExpiries(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var model = Model(now: generator.magnitude(bits: 60))
        var free: [TimerNode.Pointer] = []
        for _ in 0..<1_500 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...4:
                let node = free.popLast() ?? model.makeNode()
                let distance = Self.distance(&generator)
                if generator.chance(1, in: 2) {
                    model.start(node, delay: distance)
                } else if generator.chance(1, in: 8) {
                    model.start(node, deadline: model.now - min(model.now, distance))
                } else {
                    model.start(node, deadline: model.now.saturatingDeadline(distance))
                }
            case 5...6:
                guard !model.waiting.isEmpty else { continue }
                let index = Int.random(in: 0..<model.waiting.count, using: &generator)
                let node = model.waiting[index].node
                model.stop(at: index)
                if generator.chance(1, in: 2) { free.append(node) }
            case 7:
                // Exactly when the wheel asks for it, as the loop does.
                if let look = model.wheel.nextLook(), look < 1 << 62 { model.advance(to: look) }
            default:
                let step = generator.magnitude(bits: generator.chance(1, in: 20) ? 61 : 45)
                let (time, overflow) = model.now.addingReportingOverflow(step)
                if !overflow, time < 1 << 62 { model.advance(to: time) }
            }
            model.checkNextLook()
        }
        // To the end, look by look: all come, in bounded steps.
        var looks = 0
        while let look = model.wheel.nextLook() {
            looks += 1
            model.advance(to: max(look, model.now))
        }
        model.advance(to: model.now)
        #expect(model.waiting.isEmpty)
        #expect(looks <= 10 * 1_500)
    }

    @Test(arguments: 0..<20)
    func crowdsAtTheEdgesOfSlots(seed: Int) {
        var generator = SeededGenerator(seed: 1_000 + UInt64(seed))
        var model = Model(now: generator.magnitude(bits: 50))
        for _ in 0..<40 {
            let level = UInt64(Int.random(in: 0...6, using: &generator))
            let unit = Model.tick << (6 * level)
            let edge = (model.now / unit + 1) * unit
            for _ in 0..<20 {
                let offset = generator.magnitude(bits: 16)
                let deadline = generator.chance(1, in: 2) ? edge + offset : edge - min(edge, offset)
                model.start(model.makeNode(), deadline: deadline)
            }
            model.checkNextLook()
            for time in [edge - 1, edge, edge + 1] where time >= model.now {
                model.advance(to: time)
                model.checkNextLook()
            }
        }
    }

    @Test func removeAllTakesEverything() {
        var generator = SeededGenerator(seed: 5)
        var model = Model(now: 1 << 40)
        for _ in 0..<500 {
            model.start(model.makeNode(), deadline: Self.distance(&generator))
        }
        model.starts += 1
        let unresolved = model.makeNode()
        model.wheel.start(unresolved, delay: 5)
        let removed = model.wheel.removeAll()
        #expect(Set(removed) == Set(model.nodes) && removed.count == 501)
        let look = model.wheel.nextLook()
        #expect(look == nil)
        let isLeft = model.wheel.hasOverdue || model.wheel.hasUnresolved
        #expect(!isLeft)
    }

    @Test func delaysAreAddedWhenResolved() {
        var model = Model(now: 1_000_000)
        let node = model.makeNode()
        model.wheel.start(node, delay: 500)
        let wasUnresolved = model.wheel.hasUnresolved
        model.wheel.resolve(now: 2_000_000)
        let isUnresolved = model.wheel.hasUnresolved
        #expect(wasUnresolved && !isUnresolved)
        #expect(node.pointee.deadline == 2_000_500)
    }
}
