import InMemoryLogging
import Logging
import Testing
import UVLoop
import UVLoopLogging

@Suite(.timeLimit(.minutes(1)))
struct LoggingTests {
    @Test func anErrorIsLoggedWithItsSource() async throws {
        let handler = InMemoryLogHandler()
        try await withLoop { loop in
            loop.log(to: Logger(label: "test") { _ in handler })
            let done = Signal()
            loop.callSoon { throw Planned() }
            loop.callSoon { done.send() }
            await done.wait()
        }
        #expect(handler.entries.count == 1)
        let entry = try #require(handler.entries.first)
        #expect(entry.level == .error)
        #expect(entry.message == "error in callSoon callback")
        #expect(entry.error is Planned)
        #expect(
            entry.metadata == [
                LogMetadata.source: "callSoon callback", LogMetadata.error: "Planned()",
            ])
    }

    @Test func whatIsNoErrorIsAWarning() async throws {
        let handler = InMemoryLogHandler()
        try await withLoop { loop in
            loop.log(to: Logger(label: "test") { _ in handler }, metadata: ["name": "first"])
            let done = Signal()
            loop.isDebug = true
            loop.slowCallbackThreshold = .milliseconds(20)
            loop.callSoon { compute(for: .milliseconds(20)) }
            loop.callSoon { done.send() }
            await done.wait()
        }
        // On a busy machine other pieces may have been slow as well.
        let entry = try #require(
            handler.entries.first { $0.metadata[LogMetadata.source] == "callSoon callback" })
        #expect(entry.level == .warning)
        #expect(entry.error == nil)
        #expect(entry.metadata[LogMetadata.error] == nil)
        #expect(entry.metadata["name"] == "first")
        #expect("\(entry.message)".contains("the loop stood still"))
    }

    @Test func loopsOfAGroupAreNumbered() async throws {
        let handler = InMemoryLogHandler()
        let group = try EventLoopGroup(count: 3)
        try await group.log(to: Logger(label: "test") { _ in handler })
        for loop in group.loops {
            try loop.execute { _ in throw Planned() }
            // After it in the queue.
            try await loop.perform { _ in }
        }
        await group.shutdown()
        #expect(handler.entries.map { $0.metadata[LogMetadata.loop] } == ["0", "1", "2"])
        #expect(handler.entries.allSatisfy { $0.metadata[LogMetadata.source] == "posted closure" })
    }

    @Test func theHandlerCanBeTakenBack() async throws {
        let handler = InMemoryLogHandler()
        try await withLoop { loop in
            loop.log(to: Logger(label: "test") { _ in handler })
            #expect(loop.exceptionHandler != nil)
            let caught = Signal()
            loop.exceptionHandler = { _ in caught.send() }
            loop.callSoon { throw Planned() }
            await caught.wait()
        }
        #expect(handler.entries.isEmpty)
    }
}
