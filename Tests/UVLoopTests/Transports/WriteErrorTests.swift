import Testing

@testable import UVLoop

/// Writes that cannot be: each has its typed error.
@Suite(.timeLimit(.minutes(1)))
struct WriteErrorTests {
    private func errors(of transport: Transport) -> [UVError?] {
        let writes: [(Transport) throws -> Void] = [
            { try $0.write([1, 2]) }, { try $0.write("text") },
            { try $0.write("" as StaticString) },
            { try $0.write([UInt8]()) }, { try $0.writeAll(["a", "b"]) }, { try $0.writeAll([]) },
            { try $0.write([1].span.bytes) }, { try $0.write(ScatteredBytes(pieces: [[1]])) },
            { transport in try [1].withUnsafeBytes { try transport.write($0) } },
        ]
        return writes.map { write in
            do {
                try write(transport)
                return nil
            } catch { return error as? UVError }
        }
    }

    @Test(arguments: [true, false])
    func afterWriteEOF(_ ended: Bool) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder)
            let transport = recorder.transport
            transport.writeEOF()
            if ended { _ = try await offThread { try peer.countToEnd() } }
            #expect(errors(of: transport).allSatisfy { $0 == .shutDown })
            transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: [true, false])
    func afterCloseAndAbort(_ gracefully: Bool) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsTransport = true
            let peer = try await loop.accept(recorder)
            let transport = recorder.transport
            if gracefully { transport.close() } else { transport.abort() }
            #expect(transport.isClosed)
            #expect(errors(of: transport).allSatisfy { $0 == .notConnected })
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(errors(of: transport).allSatisfy { $0 == .notConnected })
            recorder.keptTransport = nil
        }
    }

    @Test func afterThePeerHasGone() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsTransport = true
            var inside: [UVError?] = []
            recorder.hooks[.connectionLost] = { inside = errors(of: $0.transport) }
            let peer = try await loop.accept(recorder)
            let transport = recorder.transport
            peer.reset()
            try await until(loop) { recorder.isLost }
            #expect(inside.count == 9)
            #expect(inside.allSatisfy { $0 == .notConnected })
            #expect(errors(of: transport).allSatisfy { $0 == .notConnected })
            recorder.keptTransport = nil
        }
    }

    @Test func afterTheLoopIsClosed() async throws {
        let errors = try await offThread {
            let loop = try EventLoop()
            let recorder = PlainRecorder()
            recorder.keepsTransport = true
            let server = try loop.serve { recorder }
            let peer = try RawSocket.connect(to: server.addresses[0])
            while !recorder.isMade { try loop.run(.oneTurn) }
            try loop.close()
            peer.close()
            let transport = recorder.keptTransport!
            transport.close()
            transport.abort()
            transport.writeEOF()
            transport.pauseReading()
            transport.resumeReading()
            try transport.setWriteBufferLimits(high: 5)
            #expect(recorder.livedByTheRules)
            #expect(recorder.lostError == nil)
            #expect(transport.localAddress == server.addresses[0])
            #expect(transport.remoteAddress != nil)
            #expect(transport.isClosed && transport.isClosing && !transport.isActive)
            #expect(transport.bufferedByteCount == 0)
            #expect(throws: UVError.badFileDescriptor) { try transport.fileDescriptor }
            #expect(throws: UVError.badFileDescriptor) { try transport.setNoDelay(true) }
            #expect(!server.isListening)
            server.close()
            server.abortClients()
            return self.errors(of: transport)
        }
        #expect(errors.allSatisfy { $0 == .notConnected })
    }

    @Test func anInvalidLimitLeavesTheMarksAsTheyWere() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder)
            let transport = recorder.transport
            #expect(transport.writeBufferLimits == (16_384, 65_536))
            try transport.setWriteBufferLimits(low: 10, high: 20)
            #expect(throws: UVError.invalidArgument) {
                try transport.setWriteBufferLimits(low: 21, high: 20)
            }
            #expect(throws: UVError.invalidArgument) {
                try transport.setWriteBufferLimits(low: -1)
            }
            #expect(transport.writeBufferLimits == (10, 20))
            try transport.setWriteBufferLimits()
            #expect(transport.writeBufferLimits == (16_384, 65_536))
            transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }
}
