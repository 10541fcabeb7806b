import Testing

@testable import UVLoop

/// The ends of a pipe, which have one direction only, as streams.
@Suite(.timeLimit(.minutes(1)))
struct StreamPipeTests {
    /// Also in the moment between the reader's end and the closing that follows it.
    @Test(arguments: [false, true])
    func sendingToAReaderThatHasGoneBreaks(_ isAfterAll: Bool) async throws {
        try await onLoop { loop in
            let (reading, writing) = try await loop.streamPipe()
            try await writing.send("read")
            #expect(try await reading.receive() == Array("read".utf8))
            reading.abort()
            let sending = loop.spawn { loop in
                try await yield(loop) {
                    isAfterAll ? writing.core.isGone : writing.transport.isClosed
                }
                #expect(writing.core.isGone == isAfterAll)
                for _ in 0..<2 {
                    await expect(.broken(.brokenPipe)) { try await writing.send("x") }
                    await expect(.broken(.brokenPipe)) { try await writing.waitForRoom() }
                }
            }
            try await sending.value
            try await yield(loop) { writing.core.isGone }
            await expect(.broken(.brokenPipe)) { try await writing.send("x") }
            // Everything has been read: nothing was lost.
            try await writing.sendEOF()
            try await writing.close()
            await expect(.closed) { try await writing.send("x") }
        }
    }

    @Test func sendingAfterItsEndIsClosed() async throws {
        try await onLoop { loop in
            let (reading, writing) = try await loop.streamPipe()
            try await writing.send("text")
            try await writing.sendEOF()
            await expect(.closed) { try await writing.send("x") }
            try await yield(loop) { writing.core.isGone }
            await expect(.closed) { try await writing.send("x") }
            try await writing.sendEOF()
            #expect(try await reading.receiveToEnd() == Array("text".utf8))
            await expect(.closed) { try await writing.send("x") }
            try await writing.close()
        }
    }

    @Test func theLoopsEndIsThisSides() async throws {
        let thread = try EventLoopThread()
        let (reading, writing) = try await thread.loop.streamPipe()
        await thread.shutdown()
        for stream in [reading, writing] {
            await expect(.closed) { try await stream.send("x") }
            await expect(.closed) { try await stream.receive() }
        }
    }
}
