import Testing

@testable import UVLoop

/// Protocols that take over a living transport.
@Suite(.timeLimit(.minutes(1)))
struct ProtocolExchangeTests {
    @Test(arguments: ProtocolKind.allCases, ProtocolKind.allCases)
    func theNextByteGoesToTheNewOne(_ first: ProtocolKind, _ second: ProtocolKind) async throws {
        try await onLoop { loop in
            let old = first.newRecorder()
            let new = second.newRecorder()
            let peer = try await loop.accept(old)
            let transport = old.transport
            try peer.send("old")
            try await until(loop) { old.byteCount == 3 }
            transport.setRecorder(new)
            #expect(transport.currentProtocol === new)
            try peer.send("new")
            try await until(loop) { new.byteCount == 3 }
            peer.close()
            try await until(loop) { new.isLost }
            #expect(old.bytes == Array("old".utf8))
            #expect(new.bytes == Array("new".utf8))
            #expect(new.count(of: .connectionMade) == 0)
            #expect(new.count(of: .eofReceived) == 1)
            #expect(!old.isLost)
            #expect(new.livedByTheRules)
        }
    }

    @Test func backAndForthInsideTheCallbackLosesNothing() async throws {
        try await onLoop { loop in
            final class Log { var bytes: [UInt8] = [] }
            let log = Log()
            let small = HeapMemory(3)
            func instruct(_ recorder: Recorder) {
                if recorder is BufferedRecorder { recorder.buffer = { _ in small.bytes } }
                recorder.hooks[.received] = { recorder in
                    let count = recorder.pieces.last!
                    log.bytes +=
                        recorder is PlainRecorder ? recorder.bytes : Array(small.bytes[..<count])
                    let next: Recorder =
                        recorder is PlainRecorder ? BufferedRecorder() : PlainRecorder()
                    instruct(next)
                    recorder.transport.setRecorder(next)
                }
            }
            let first = BufferedRecorder()
            instruct(first)
            let peer = try await loop.accept(first)
            let transport = first.transport
            var random = SeededGenerator(seed: 9)
            var sent: [UInt8] = []
            for _ in 0..<50 {
                let piece = random.bytes(.random(in: 1...40, using: &random))
                sent += piece
                try peer.send(piece)
                try await until(loop) { log.bytes.count == sent.count }
            }
            #expect(log.bytes == sent)
            peer.close()
            try await until(loop) { transport.isClosed }
        }
    }

    @Test func theOldOneIsGivenBack() async throws {
        try await onLoop { loop in
            var old: Recorder? = PlainRecorder()
            weak let ghost = old
            let peer = try await loop.accept(old!)
            let transport = old!.transport
            let new = PlainRecorder()
            transport.setRecorder(new)
            old?.takeOver(transport)
            old = nil
            try await until(loop) { ghost == nil }
            peer.close()
            try await until(loop) { new.isLost }
        }
    }

    @Test func theServerCountsTheConnectionOfAnExchangedProtocol() async throws {
        try await onLoop { loop in
            let old = PlainRecorder()
            let server = try loop.serve { old }
            let peer = try RawSocket.connect(to: server.addresses[0])
            try await until(loop) { old.isMade }
            let new = BufferedRecorder()
            old.transport.setRecorder(new)
            #expect(server.connectionCount == 1)
            server.close()
            server.closeClients()
            #expect(new.transport.isClosed)
            peer.close()
            try await server.waitClosed()
            #expect(new.isLost)
        }
    }

    /// The last reference to the old protocol goes between callbacks; what its `deinit` does must
    /// not meet the loop in the midst of something.
    @Test func aDeinitThatUsesTheLoopIsHarmless() async throws {
        final class Last: PlainProtocol {
            let action: () -> Void
            init(_ action: @escaping () -> Void) { self.action = action }
            deinit { action() }
            func dataReceived(_ data: RawSpan) {}
        }
        try await onLoop { loop in
            let first = PlainRecorder()
            let peer = try await loop.accept(first)
            let transport = first.transport
            let final = PlainRecorder()
            transport.setProtocol(
                Last {
                    transport.setRecorder(PlainRecorder())
                    transport.setRecorder(final)
                    loop.callSoon { try transport.write("done") }
                })
            transport.setRecorder(PlainRecorder())
            let bytes = try await offThread { try peer.receive(exactly: 4) }
            #expect(bytes == Array("done".utf8))
            peer.close()
            try await until(loop) { final.isLost }
        }
    }

    /// A protocol that goes while the loop flushes, and writes elsewhere as it does.
    @Test func aDeinitThatWritesElsewhereIsHeard() async throws {
        final class Last: PlainProtocol {
            let action: () -> Void
            var transport: Transport?
            init(_ action: @escaping () -> Void) { self.action = action }
            deinit { action() }
            func connectionMade(_ transport: Transport) { self.transport = transport }
            func dataReceived(_ data: RawSpan) {}
            func connectionLost(_ error: (any Error)?) { transport = nil }
        }
        try await onLoop { loop in
            let survivor = PlainRecorder()
            let reader = try await loop.accept(survivor, receiveBuffer: 4_096)
            let kept = survivor.transport
            try kept.setSendBufferSize(4_096)
            final class Made { weak var last: Last? }
            let made = Made()
            let server = try loop.listen(onAddresses: .anyPortIPv4) {
                let last = Last { try? kept.write([UInt8](repeating: 1, count: 3_000_000)) }
                made.last = last
                return last
            }
            let peer = try RawSocket.connect(to: server.addresses[0], receiveBuffer: 4_096)
            try await until(loop) { made.last?.transport != nil }
            // In a timer's callback the transport closes before the turn's flush.
            _ = loop.callLater(.zero) {
                let transport = made.last?.transport
                try transport?.write([UInt8](repeating: 0, count: 20_000_000))
                transport?.abort()
            }
            let count = try await offThread { try reader.receive(exactly: 3_000_000).count }
            #expect(count == 3_000_000)
            peer.close()
            reader.close()
            server.close()
            try await until(loop) { survivor.isLost }
        }
    }
}
