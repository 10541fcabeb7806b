import Dispatch
import Foundation
import Testing
import UVLoopAutoInstall

/// Swift Testing runs on the loop, and with it everything that a test does.
@Suite struct OnTheLoopTests {
    private var loop: EventLoop {
        get throws { try #require(EventLoop.main) }
    }

    @Test func aTestWithoutIsolation() async throws {
        let loop = try loop
        #expect(loop.isOnThread && Thread.isMainThread)
        await Task.yield()
        #expect(loop.isOnThread)
        try await Task.sleep(for: .milliseconds(1))
        #expect(loop.isOnThread)
    }

    @Test func aTestThatIsNotAsync() throws {
        #expect(try loop.isOnThread)
    }

    @MainActor
    @Test func aTestOfTheMainActorUsesTheLoopDirectly() async throws {
        let loop = try loop
        #expect(loop.isOnThread)
        loop.assertIsolated()
        let isIsolated = await withCheckedContinuation { done in
            loop.callLater(.milliseconds(1)) {
                MainActor.assumeIsolated { done.resume(returning: loop.isOnThread) }
            }
        }
        #expect(isIsolated)
    }

    @Test(arguments: 0..<50)
    func manyTestsAtOnce(_ number: Int) async throws {
        let loop = try loop
        async let one = Task.detached { loop.isOnThread }.value
        async let two = Counter().count(to: number)
        #expect(await one)
        #expect(await two == number)
        try await Task.sleep(for: .microseconds(100 * number))
        #expect(loop.isOnThread)
    }

    @Test func confirmations() async throws {
        let loop = try loop
        await confirmation(expectedCount: 10) { confirm in
            await withTaskGroup { group in
                for _ in 0..<10 { group.addTask { confirm() } }
            }
        }
        #expect(loop.isOnThread)
    }

    @Test func dispatchMainQueue() async throws {
        let loop = try loop
        let isOnThread = await withCheckedContinuation { done in
            DispatchQueue.global().async {
                DispatchQueue.main.async { done.resume(returning: loop.isOnThread) }
            }
        }
        #expect(isOnThread)
    }

    @Test func connections() async throws {
        let loop = try loop
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
        async let serving: Void = listener.serve { stream in
            for try await chunk in stream { try await stream.send(chunk) }
        }
        try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
            try await stream.send("hello")
            #expect(try await stream.receive(exactly: 5) == Array("hello".utf8))
        }
        try await listener.shutdown(grace: .seconds(5))
        try await serving
    }
}

private actor Counter {
    private var number = 0

    func count(to end: Int) async -> Int {
        while number < end {
            number += 1
            await Task.yield()
        }
        return number
    }
}
