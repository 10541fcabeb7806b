import Testing

@testable import UVLoop

/// Connections that have ended in one direction.
@Suite(.timeLimit(.minutes(1)))
struct HalfCloseTests {
    @Test(arguments: Wire.allCases)
    func writeEOFFollowsWhatIsQueuedAndReadingGoesOn(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            let transport = recorder.transport
            try transport.write([UInt8](repeating: 1, count: 8_000_000))
            #expect(transport.bufferedByteCount > 0)
            transport.writeEOF()
            transport.writeEOF()
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 8_000_000)
            transport.writeEOF()
            try peer.send("still heard")
            try await until(loop) { recorder.byteCount == 11 }
            #expect(!transport.isClosed)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test(arguments: Wire.allCases)
    func bothEndsReachedCloseByThemselves(_ wire: Wire) async throws {
        try await onLoop { loop in
            for peerFirst in [true, false] {
                let recorder = PlainRecorder()
                recorder.keepsOpen = true
                let peer = try await loop.accept(recorder, on: wire.address)
                if peerFirst {
                    peer.endWriting()
                    try await until(loop) { recorder.count(of: .eofReceived) == 1 }
                    recorder.transport.writeEOF()
                } else {
                    recorder.transport.writeEOF()
                    _ = try await offThread { try peer.countToEnd() }
                    peer.endWriting()
                }
                try await until(loop) { recorder.isLost }
                #expect(recorder.lostError == nil && recorder.livedByTheRules)
                peer.close()
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func eofReceivedTrueKeepsTheWritingSideOpen(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsOpen = true
            let peer = try await loop.accept(recorder, on: wire.address)
            try peer.send("request")
            peer.endWriting()
            try await until(loop) { recorder.count(of: .eofReceived) == 1 }
            await turns(loop, for: .milliseconds(20))
            #expect(!recorder.isLost)
            let transport = recorder.transport
            #expect(!transport.isClosed)
            try transport.write([UInt8](repeating: 1, count: 3_000_000))
            transport.close()
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 3_000_000)
            try await until(loop) { recorder.isLost }
            #expect(recorder.count(of: .eofReceived) == 1)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func eofReceivedFalseSendsWhatIsQueuedAndCloses(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.eofReceived] = {
                try $0.transport.write([UInt8](repeating: 1, count: 3_000_000))
            }
            let peer = try await loop.accept(recorder, on: wire.address)
            peer.endWriting()
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 3_000_000)
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test func withoutAnAnswerOfItsOwnAProtocolCloses() async throws {
        final class Silent: PlainProtocol {
            var isLost = false
            func dataReceived(_ data: RawSpan) {}
            func connectionLost(_ error: (any Error)?) { isLost = true }
        }
        try await onLoop { loop in
            let silent = Silent()
            let server = try loop.listen(onAddresses: .anyPortIPv4) { silent }
            let peer = try RawSocket.connect(to: server.addresses[0])
            peer.endWriting()
            _ = try await offThread { try peer.countToEnd() }
            try await until(loop) { silent.isLost }
            peer.close()
            server.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func theEndComesAfterAllTheBytes(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = BufferedRecorder()
            let peer = try await loop.accept(recorder, on: wire.address)
            try await offThread {
                try peer.send([UInt8](repeating: 1, count: 2_000_000))
                peer.close()
            }
            try await until(loop) { recorder.isLost }
            #expect(recorder.byteCount == 2_000_000)
            let order = recorder.events.filter { $0 != .getBuffer }
            #expect(order.suffix(2) == [.eofReceived, .connectionLost])
        }
    }

    @Test func urgentDataIsNoEndAndNoError() async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder)
            try peer.send("a")
            try peer.sendUrgent(UInt8(ascii: "!"))
            try peer.send("b")
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("ab".utf8))
            #expect(recorder.lostError == nil)
        }
    }
}
