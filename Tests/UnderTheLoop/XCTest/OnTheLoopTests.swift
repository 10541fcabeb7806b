import Dispatch
import Foundation
import UVLoopAutoInstall
import XCTest

/// XCTest has the main thread, and turns its run loop while a test is async or waits: the installed
/// loop is the guest of that.
final class OnTheLoopTests: XCTestCase {
    private func loop() throws -> EventLoop { try XCTUnwrap(EventLoop.main) }

    func testWithoutAsync() throws {
        XCTAssertTrue(try loop().isOnThread)
        XCTAssertTrue(Thread.isMainThread)
    }

    func testAsync() async throws {
        let loop = try loop()
        XCTAssertTrue(loop.isOnThread)
        await Task.yield()
        XCTAssertTrue(loop.isOnThread)
        try await Task.sleep(for: .milliseconds(1))
        XCTAssertTrue(loop.isOnThread)
    }

    @MainActor
    func testMainActor() async throws {
        let loop = try loop()
        loop.assertIsolated()
        let isIsolated = await withCheckedContinuation { done in
            loop.callLater(.milliseconds(1)) {
                MainActor.assumeIsolated { done.resume(returning: loop.isOnThread) }
            }
        }
        XCTAssertTrue(isIsolated)
    }

    /// Waits in a run loop; the tasks go on meanwhile.
    @MainActor
    func testWaiting() throws {
        let loop = try loop()
        let (ended, slept, fired) = (
            expectation(description: "a task"), expectation(description: "a sleep"),
            expectation(description: "a timer of the loop")
        )
        Task {
            ended.fulfill()
            try await Task.sleep(for: .milliseconds(5))
            XCTAssertTrue(loop.isOnThread)
            slept.fulfill()
        }
        loop.callLater(.milliseconds(2)) { fired.fulfill() }
        wait(for: [ended, slept, fired], timeout: 30)
    }

    func testFulfillment() async throws {
        let loop = try loop()
        let expectations = (0..<20).map { expectation(description: "\($0)") }
        for (number, expectation) in expectations.enumerated() {
            Task.detached {
                try await Task.sleep(for: .microseconds(100 * number))
                XCTAssertTrue(loop.isOnThread)
                expectation.fulfill()
            }
        }
        await fulfillment(of: expectations, timeout: 30)
    }

    func testFulfillmentFromOtherThreads() async throws {
        let (queue, thread) = (
            expectation(description: "a queue"), expectation(description: "a thread")
        )
        DispatchQueue.global().async { queue.fulfill() }
        Thread.detachNewThread { thread.fulfill() }
        await fulfillment(of: [queue, thread], timeout: 30)
    }

    func testConnections() async throws {
        let loop = try loop()
        let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
        async let serving: Void = listener.serve { stream in
            for try await chunk in stream { try await stream.send(chunk) }
        }
        try await loop.withConnection(to: .address(listener.addresses[0])) { stream in
            try await stream.send("hello")
            let answer = try await stream.receive(exactly: 5)
            XCTAssertEqual(answer, Array("hello".utf8))
        }
        try await listener.shutdown(grace: .seconds(5))
        try await serving
    }

    /// Set up and torn down on the loop, too.
    override func setUp() async throws { XCTAssertTrue(try loop().isOnThread) }
    override func tearDown() async throws { XCTAssertTrue(try loop().isOnThread) }
}
