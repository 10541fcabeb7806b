import Testing

@testable import UVLoop

/// The water marks and what a protocol hears of them.
@Suite(.timeLimit(.minutes(1)))
struct BackPressureTests {
    /// A connection whose socket takes no more, because its peer does not read: from now on every
    /// byte is queued.
    private func full(
        _ loop: isolated EventLoop, _ wire: Wire, _ recorder: Recorder, low: Int, high: Int
    ) async throws -> RawSocket {
        let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
        let transport = recorder.transport
        try transport.setSendBufferSize(4_096)
        try transport.setWriteBufferLimits(high: 1 << 40)
        // Written until a few turns bring no more of it away.
        try transport.write([UInt8](repeating: 0, count: 1_000_000))
        var last = -1
        while last != transport.bufferedByteCount {
            last = transport.bufferedByteCount
            await turns(loop, for: .milliseconds(50))
        }
        #expect(recorder.count(of: .pauseWriting) == 0)
        try transport.setWriteBufferLimits(low: last + low, high: last + high)
        return peer
    }

    @Test(arguments: Wire.allCases)
    func pausesStrictlyAboveTheHighMark(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await full(loop, wire, recorder, low: 0, high: 100)
            try recorder.transport.write([UInt8](repeating: 1, count: 99))
            #expect(recorder.count(of: .pauseWriting) == 0)
            try recorder.transport.write([1])
            #expect(recorder.count(of: .pauseWriting) == 0, "at the mark is not above it")
            #expect(!recorder.transport.isWritingPaused)
            try recorder.transport.write([1])
            #expect(recorder.count(of: .pauseWriting) == 1)
            #expect(recorder.transport.isWritingPaused)
            try recorder.transport.write([UInt8](repeating: 1, count: 1_000))
            #expect(recorder.count(of: .pauseWriting) == 1)
            recorder.transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.count(of: .resumeWriting) == 0)
        }
    }

    @Test(arguments: Wire.allCases)
    func theMarksOfZeroPauseAtEveryQueuedByte(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            var atResume: [Int] = []
            recorder.hooks[.resumeWriting] = { atResume.append($0.transport.bufferedByteCount) }
            let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
            try recorder.transport.setSendBufferSize(4_096)
            try recorder.transport.setWriteBufferLimits(low: 0, high: 0)
            try recorder.transport.write([UInt8](repeating: 1, count: 200_000))
            #expect(recorder.count(of: .pauseWriting) == 1)
            _ = try await offThread { try peer.receive(exactly: 200_000) }
            try await until(loop) { recorder.count(of: .resumeWriting) == 1 }
            #expect(atResume == [0])
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: Wire.allCases)
    func loweringTheMarksPausesAtOnce(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await full(loop, wire, recorder, low: 0, high: 100)
            #expect(recorder.count(of: .pauseWriting) == 0)
            try recorder.transport.setWriteBufferLimits(low: 1, high: 2)
            #expect(recorder.count(of: .pauseWriting) == 1)
            recorder.transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>, Wire.allCases)
    func pausesAndResumesAlternate(_ seed: UInt64, _ wire: Wire) async throws {
        try await onLoop { loop in
            var random = SeededGenerator(seed: seed)
            let high = Int.random(in: 0...100_000, using: &random)
            let low = Int.random(in: 0...high, using: &random)
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 8_192)
            let transport = recorder.transport
            try transport.setSendBufferSize(8_192)
            try transport.setWriteBufferLimits(low: low, high: high)
            var brokenRules = 0
            recorder.hooks[.pauseWriting] = {
                if $0.transport.bufferedByteCount <= high { brokenRules += 1 }
            }
            recorder.hooks[.resumeWriting] = {
                if $0.transport.bufferedByteCount > low { brokenRules += 1 }
            }
            let reading = Task { try await offThread { try peer.countToEnd() } }
            var total = 0
            for _ in 0..<150 {
                try await until(loop) { !transport.isWritingPaused }
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    let size = Int.random(in: 0...60_000, using: &random)
                    total += size
                    try transport.write([UInt8](repeating: 1, count: size))
                    if transport.isWritingPaused != (transport.bufferedByteCount > high),
                        !transport.isWritingPaused
                    {
                        brokenRules += 1
                    }
                }
            }
            transport.close()
            let count = try await reading.value
            #expect(count == total)
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.alternates)
            #expect(recorder.count(of: .pauseWriting) > 0)
            #expect(brokenRules == 0)
        }
    }

    /// A writer that stops when it is told to holds little, however slow its peer is.
    @Test(arguments: Wire.allCases)
    func memoryStaysBoundedWhileThePeerDoesNotRead(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
            let transport = recorder.transport
            let chunk = [UInt8](repeating: 1, count: 65_536)
            var written = 0
            var most = 0
            func writeOn() throws {
                while !transport.isWritingPaused {
                    try transport.write(chunk)
                    written += chunk.count
                    most = max(most, transport.bufferedByteCount)
                }
            }
            recorder.hooks[.resumeWriting] = { _ in try writeOn() }
            try writeOn()
            await turns(loop, for: .milliseconds(50))
            #expect(transport.isWritingPaused)
            // Now the peer reads a hundred times what may be queued.
            _ = try await offThread { try peer.receive(exactly: 13_000_000) }
            #expect(written > 13_000_000)
            #expect(most <= 65_536 + chunk.count)
            transport.abort()
            peer.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.alternates)
        }
    }

    @Test(arguments: Wire.allCases)
    func whatResumeWritingWritesIsGathered(_ wire: Wire) async throws {
        try await onLoop { loop in
            let recorder = PlainRecorder()
            let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
            try recorder.transport.setSendBufferSize(4_096)
            recorder.hooks[.resumeWriting] = { recorder in
                guard recorder.count(of: .resumeWriting) == 1 else { return }
                let sent = recorder.transport.sentByteCount
                for _ in 0..<50 { try recorder.transport.write("small") }
                #expect(recorder.transport.sentByteCount == sent, "not a write for each")
                #expect(recorder.transport.bufferedByteCount == 250)
                recorder.transport.close()
            }
            try recorder.transport.write([UInt8](repeating: 1, count: 200_000))
            let count = try await offThread { try peer.countToEnd() }
            #expect(count == 200_250)
            peer.close()
            try await until(loop) { recorder.isLost }
        }
    }
}
