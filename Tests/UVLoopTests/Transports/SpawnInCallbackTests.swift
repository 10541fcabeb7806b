import Testing
import UVLoop

/// A protocol whose callbacks start tasks that use the transport: what `spawn` is for.
@Suite(.timeLimit(.minutes(1)))
struct SpawnInCallbackTests {
    private final class Answering: PlainProtocol {
        private let loop: EventLoop
        private unowned var transport: Transport!
        private(set) var answers = 0

        init(_ loop: EventLoop) { self.loop = loop }

        func connectionMade(_ transport: Transport) { self.transport = transport }

        func dataReceived(_ data: RawSpan) {
            let bytes = [UInt8](data)
            loop.spawn { loop in
                await Task.yield()
                loop.preconditionIsolated()
                self.answers += 1
                try self.transport.write(bytes)
            }
            answers += 1
        }
    }

    @Test func theTaskUsesWhatTheCallbackHas() async throws {
        try await onLoop { loop in
            let server = try loop.listen(onAddresses: .anyPortIPv4) { Answering(loop) }
            let recorder = PlainRecorder()
            let transport = try await loop.dial(recorder, to: .address(server.addresses[0]))
            try transport.write("later")
            try await until(loop) { recorder.byteCount == 5 }
            #expect(recorder.bytes == Array("later".utf8))
            transport.close()
            server.close()
            try await server.waitClosed()
        }
    }
}
