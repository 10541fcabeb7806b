import Testing

@testable import UVLoop

/// The place where all tasks of the library wait: how waits end, and that they end once.
@Suite struct WaitingRoomTests {
    private static func later(on loop: EventLoop) -> EventLoop.Instant {
        loop.now.advanced(by: .seconds(1_000))
    }

    @Test func endsOfWaits() async throws {
        try await onLoop { loop in
            let room = WaitingRoom()
            loop.callSoon { room.wake(loop.core) }
            #expect(await room.wait(on: loop) == .woken)
            #expect(await room.wait(on: loop, until: loop.now) == .timedOut)
            loop.callSoon { room.wake(loop.core) }
            #expect(await room.wait(on: loop, until: Self.later(on: loop)) == .woken)
            let task = Task { await room.wait(on: loop) }
            await Task.yield()
            #expect(room.isOccupied)
            task.cancel()
            #expect(await task.value == .cancelled)
            // The timer is still there, of which the wait before knew nothing.
            loop.callSoon { room.wake(loop.core) }
            #expect(await room.wait(on: loop) == .woken)
            #expect(!room.isOccupied)
        }
    }

    @Test func cancelledBefore() async throws {
        try await onLoop { loop in
            let task = Task {
                let room = WaitingRoom()
                let first = await room.wait(on: loop)
                return [first, await room.wait(on: loop, until: Self.later(on: loop))]
            }
            task.cancel()
            #expect(await task.value == [.cancelled, .cancelled])
        }
    }

    /// A cancellation that arrives when its wait is over does not end the next one.
    @Test func aLateCancellation() async throws {
        try await onLoop { loop in
            for _ in 0..<50 {
                let room = WaitingRoom()
                let first = Task { await room.wait(on: loop) }
                await Task.yield()
                // What this posts is behind the wake-up.
                room.wake(loop.core)
                first.cancel()
                #expect(await first.value == .woken)
                let second = Task { await room.wait(on: loop) }
                while !room.isOccupied { await Task.yield() }
                await turns(loop, for: .milliseconds(1))
                #expect(room.isOccupied)
                room.wake(loop.core)
                #expect(await second.value == .woken)
            }
        }
    }

    /// From another thread, and from the loop's own, while waits begin and end.
    @Test func cancellationsThatRaceWithWakes() async throws {
        try await onLoop { loop in
            for round in 0..<40 {
                let rooms = (0..<50).map { _ in WaitingRoom() }
                let tasks = rooms.map { room in
                    Task { await Self.wait(in: room, on: loop, nesting: round % 3) }
                }
                let canceller = Task.detached { for task in tasks { task.cancel() } }
                if round % 2 == 0 { await Task.yield() }
                for room in rooms.reversed() { room.wake(loop.core) }
                await canceller.value
                for task in tasks { #expect(await task.value != .timedOut) }
                #expect(rooms.allSatisfy { !$0.isOccupied })
            }
        }
    }

    /// With other records of the task, and other memory in use, around the wait.
    private static func wait(
        in room: WaitingRoom, on loop: EventLoop, nesting: Int,
        isolation: isolated (any Actor)? = #isolation
    ) async -> WaitingRoom.Outcome {
        guard nesting > 0 else { return await room.wait(on: loop) }
        let heard = Mutexed(0)
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: Int.self, isolation: isolation) { group in
                group.addTask { nesting }
                // Where the caller is: the closures are only if they capture it.
                let outcome = await wait(
                    in: room, on: loop, nesting: nesting - 1, isolation: isolation)
                for await number in group { #expect(number == nesting) }
                return outcome
            }
        } onCancel: {
            heard.value = 1
        }
        // Who is ended by a cancellation has heard of it.
        #expect(outcome != .cancelled || heard.value == 1)
        return outcome
    }

    /// A loop that closes ends waits as it says, also of tasks that are cancelled then.
    @Test func cancellationsWhileTheLoopCloses() async throws {
        for _ in 0..<20 {
            let thread = try EventLoopThread()
            let loop = thread.loop
            let tasks = try await loop.perform { loop in
                (0..<20).map { _ in
                    Task { try await loop.sleep(for: .seconds(1_000)) }
                }
            }
            async let cancelling: Void = Task.detached { for task in tasks { task.cancel() } }.value
            await thread.shutdown()
            await cancelling
            for task in tasks { await #expect(throws: (any Error).self) { try await task.value } }
        }
    }
}
