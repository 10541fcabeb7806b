import Testing

@testable import UVLoop

/// What a protocol hears in the course of a connection, and in which order.
@Suite(.timeLimit(.minutes(1)))
struct ProtocolLifeTests {
    @Test(arguments: ProtocolKind.allCases)
    func hearsTheWholeLifeInOrder(_ kind: ProtocolKind) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            let peer = try await loop.accept(recorder)
            try peer.send("hello")
            try await until(loop) { recorder.byteCount == 5 }
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(
                recorder.events.filter { $0 != .getBuffer }
                    == [.connectionMade, .received, .eofReceived, .connectionLost])
            #expect(recorder.bytes == Array("hello".utf8))
            #expect(recorder.lostError == nil)
            #expect(recorder.livedByTheRules)
        }
    }
}
