import Testing

@testable import UVLoop

/// Reading that is stopped and goes on.
@Suite(.timeLimit(.minutes(1)))
struct PauseReadingTests {
    @Test(arguments: ProtocolKind.allCases, Wire.allCases)
    func nothingIsDeliveredWhilePaused(_ kind: ProtocolKind, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            recorder.hooks[.connectionMade] = {
                $0.transport.pauseReading()
                $0.transport.pauseReading()
            }
            let peer = try await loop.accept(recorder, on: wire.address)
            let transport = recorder.transport
            #expect(transport.isReadingPaused)
            try peer.send("waits")
            await turns(loop, for: .milliseconds(100))
            #expect(recorder.byteCount == 0)
            #expect(recorder.events == [.connectionMade])
            transport.resumeReading()
            transport.resumeReading()
            #expect(!transport.isReadingPaused)
            try await until(loop) { recorder.byteCount == 5 }
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("waits".utf8))
        }
    }

    @Test(arguments: ProtocolKind.allCases, Wire.allCases)
    func pausedInsideTheCallbackStopsTheNextPiece(_ kind: ProtocolKind, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            recorder.hooks[.received] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            // More than one read takes, so that another would follow at once.
            let reading = Task {
                try await offThread { try peer.send([UInt8](repeating: 1, count: 500_000)) }
            }
            var pieces = 0
            while recorder.byteCount < 500_000 {
                try await until(loop) { recorder.pieces.count == pieces + 1 }
                pieces += 1
                await turns(loop, for: .zero)
                #expect(recorder.pieces.count == pieces)
                recorder.transport.resumeReading()
            }
            try await reading.value
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.byteCount == 500_000)
        }
    }

    @Test(arguments: Wire.allCases)
    func aPausedReaderSlowsItsPeerDown(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            let sent = peer.sendUntilFull()
            await turns(loop, for: .milliseconds(100))
            // Far less than that: the system's buffers were full before the pause.
            #expect(recorder.byteCount == 0)
            recorder.transport.resumeReading()
            try await until(loop) { recorder.byteCount == sent }
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func thePeersResetIsNoticedWhilePaused() async throws {
        try await onLoop { loop in
            for unread in [false, true] {
                let recorder = PlainRecorder()
                recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
                let peer = try await loop.accept(recorder)
                if unread { try peer.send("never read") }
                peer.reset()
                try await until(loop) { recorder.isLost }
                #expect(recorder.uvError == .connectionReset)
                #expect(recorder.byteCount == 0)
                #expect(recorder.livedByTheRules)
            }
        }
    }

    @Test(arguments: [true, false], Wire.allCases)
    func thePeersEndIsNoticedWhilePaused(_ keepsOpen: Bool, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsOpen = keepsOpen
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            peer.endWriting()
            try await until(loop) { recorder.count(of: .eofReceived) == 1 }
            if keepsOpen {
                try recorder.transport.write("answer")
                recorder.transport.resumeReading()
                await turns(loop, for: .milliseconds(5))
                #expect(recorder.count(of: .eofReceived) == 1)
                recorder.transport.close()
            }
            let bytes = try await offThread { try peer.receiveToEnd() }
            #expect(bytes == (keepsOpen ? Array("answer".utf8) : []))
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: ProtocolKind.allCases, Wire.allCases)
    func unreadBytesComeBeforeTheEnd(_ kind: ProtocolKind, _ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = kind.newRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            try peer.send("last words")
            peer.close()
            // The watch for the peer's end begins, and sees it.
            try await until(loop) { recorder.transport.extras?.watch != nil }
            await turns(loop, for: .milliseconds(10))
            #expect(recorder.events == [.connectionMade])
            recorder.transport.resumeReading()
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == Array("last words".utf8))
            #expect(recorder.count(of: .eofReceived) == 1)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    /// A hang-up that must wait for its reader is no reason to wake again and again.
    @Test(arguments: Wire.allCases)
    func aPausedHangUpDoesNotKeepTheLoopBusy(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.keepsOpen = true
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder, on: wire.address)
            try peer.send("unread")
            peer.endWriting()
            recorder.transport.writeEOF()
            _ = try await offThread { try peer.countToEnd() }
            try await until(loop) { recorder.transport.extras?.watch != nil }
            var turned = 0
            let check = try Check(loop) { turned += 1 }
            check.start()
            await turns(loop, for: .milliseconds(200))
            check.close()
            #expect(turned < 100)
            recorder.transport.resumeReading()
            try await until(loop) { recorder.isLost }
            #expect(recorder.byteCount == 6)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
            peer.close()
        }
    }

    @Test(arguments: Wire.allCases)
    func pausedThenClosedAndAborted(_ wire: Wire) async throws {
        try await onLoop { loop in
            for gracefully in [true, false] {
                let recorder = PlainRecorder()
                recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
                let peer = try await loop.accept(recorder, on: wire.address)
                try await until(loop) { recorder.transport.extras?.watch != nil }
                if gracefully { recorder.transport.close() } else { recorder.transport.abort() }
                peer.close()
                try await until(loop) { recorder.isLost }
                #expect(recorder.lostError == nil && recorder.livedByTheRules)
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    @Test(arguments: [true, false])
    func aPauseLeavesNothingBehind(_ isLong: Bool) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let peer = try await loop.accept(recorder)
            weak let extras = recorder.transport.extras
            #expect(extras?.pauseTimer != nil)
            if isLong { try await until(loop) { extras?.watch != nil } }
            recorder.transport.resumeReading()
            peer.close()
            try await until(loop) { recorder.isLost && extras == nil }
        }
    }
}
